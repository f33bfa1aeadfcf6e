-- Work lists read one type over all patients.
CREATE INDEX shelf_of_type ON shelf (rtype, owner);

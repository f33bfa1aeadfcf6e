-- A membership that somebody ended is over as a fact, whatever a clock says (additive).
-- A process of the version before compares `until` alone; absent means nobody ended it.

ALTER TABLE member ADD COLUMN ended BIGINT;

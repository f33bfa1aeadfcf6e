-- What the reader's organisation wrote itself: readable in continuity mode. Copies from before are taken again,
-- so that each row learns it; until then nothing counts as the practice's own.
ALTER TABLE confirmed ADD COLUMN own INTEGER NOT NULL DEFAULT 0;
UPDATE compartment SET at = '', complete = 0, sweeping = 0 WHERE term <> '';

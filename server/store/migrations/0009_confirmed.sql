-- The situations that the proof of a device's person opens, where who recognised them says in which they act (additive).
-- Their ids, a line each; absent means every one of theirs.

ALTER TABLE device ADD COLUMN confirmed TEXT;

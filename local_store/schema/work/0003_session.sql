-- The refresh token of this device's session, and the id of the exchange it was shown in last.
CREATE TABLE session (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  refresh TEXT NOT NULL,
  ask TEXT NOT NULL
) WITHOUT ROWID;

-- A copy of what the server said. Disposable: any doubt is answered by a new file.
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE compartment (
  n INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL,
  facet TEXT NOT NULL,
  kind TEXT NOT NULL,
  term TEXT NOT NULL,               -- '' once the right is lost
  at TEXT NOT NULL,                 -- cursor
  wanted TEXT NOT NULL,             -- cursor of the last head
  generation INTEGER NOT NULL,
  complete INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  rows INTEGER NOT NULL,            -- held, as this compartment's feed told them
  size INTEGER NOT NULL,
  rows_wanted INTEGER NOT NULL,
  size_wanted INTEGER NOT NULL,
  until TEXT,
  until_ms INTEGER,
  own INTEGER NOT NULL,
  digest BLOB NOT NULL,             -- 32 bytes, big endian
  pass INTEGER NOT NULL,            -- how many times it was taken from zero
  sweeping INTEGER NOT NULL,        -- 1: rows of an earlier pass go when this one ends
  purging TEXT,                     -- the term whose rows are being erased
  copied_ms INTEGER,
  UNIQUE (owner, facet)
);
CREATE INDEX compartment_purging ON compartment (n) WHERE purging IS NOT NULL;
CREATE INDEX compartment_filling ON compartment (n) WHERE complete = 0 AND term <> '';

-- One shelf per owner and type; the shelves of one owner are neighbours, the rows of one shelf too.
CREATE TABLE shelf (
  shelf INTEGER PRIMARY KEY, owner INTEGER NOT NULL, rtype TEXT NOT NULL, UNIQUE (owner, rtype)
);

-- n = shelf * 2^24 + serial: reading one patient is one range of neighbouring pages.
CREATE TABLE confirmed (
  n INTEGER PRIMARY KEY,
  shelf INTEGER NOT NULL,
  id TEXT NOT NULL,
  at TEXT NOT NULL,
  compartment INTEGER NOT NULL,
  restore INTEGER NOT NULL,
  k INTEGER NOT NULL,
  subject INTEGER NOT NULL,
  root TEXT,
  pass INTEGER NOT NULL,
  size INTEGER NOT NULL,
  body BLOB NOT NULL
);
CREATE UNIQUE INDEX confirmed_by_id ON confirmed (shelf, id);

CREATE TRIGGER confirmed_grows BEFORE UPDATE OF restore, k ON confirmed
WHEN (NEW.restore, NEW.k) < (OLD.restore, OLD.k)
BEGIN SELECT RAISE(ABORT, 'a version never goes back'); END;

-- What a compartment's feed says it holds although a higher version of it lies in another compartment.
CREATE TABLE shadow (
  compartment INTEGER NOT NULL,
  shelf INTEGER NOT NULL,
  id TEXT NOT NULL,
  restore INTEGER NOT NULL,
  k INTEGER NOT NULL,
  pass INTEGER NOT NULL,
  PRIMARY KEY (compartment, shelf, id)
) WITHOUT ROWID;

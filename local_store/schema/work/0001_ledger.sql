-- What a person typed, was told or must not lose. Never rebuilt.
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE op (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  op_id TEXT NOT NULL UNIQUE,
  owner INTEGER NOT NULL,
  kind TEXT NOT NULL,
  rtype TEXT NOT NULL,
  id TEXT NOT NULL,
  at TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'acked', 'refused', 'conflict', 'archived')),
  live INTEGER NOT NULL,            -- 1: covers the confirmed row on the screens
  wire BLOB NOT NULL,
  depends_on TEXT,
  base_restore INTEGER NOT NULL,
  base_k INTEGER NOT NULL,
  shows BLOB,                       -- the whole resource as the screens show it meanwhile
  saw BLOB,                         -- what the person started from
  theirs BLOB,                      -- the other version, kept when a person decided
  sort_at TEXT NOT NULL DEFAULT '',
  title TEXT NOT NULL DEFAULT '',
  words TEXT NOT NULL DEFAULT '',
  folded TEXT NOT NULL DEFAULT '',  -- the same words without accents, a space around each
  code TEXT,                        -- the verdict
  restore INTEGER NOT NULL DEFAULT 0,
  k INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  elements TEXT NOT NULL DEFAULT '',
  verdict BLOB,
  decided_ms INTEGER,
  told INTEGER NOT NULL DEFAULT 0,  -- 1: the server knows that the verdict is durable here
  resent INTEGER NOT NULL DEFAULT 0 -- the restore after which it was queued again
);
CREATE INDEX op_on_item ON op (owner, rtype, id, n) WHERE live = 1;
CREATE INDEX op_waiting ON op (n) WHERE state IN ('pending', 'sent');
CREATE INDEX op_untold ON op (n) WHERE code IS NOT NULL AND told = 0;

CREATE TRIGGER op_is_fixed BEFORE UPDATE OF op_id, owner, kind, rtype, id, at, wire, n ON op
BEGIN SELECT RAISE(ABORT, 'an op never changes'); END;

CREATE TABLE draft (
  name TEXT PRIMARY KEY, owner INTEGER NOT NULL, content BLOB NOT NULL, at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE vault (name TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;

-- Every copy erased here: the receipt that is owed, and afterwards the memory that an old cache.db put
-- back must not show it again.
CREATE TABLE receipt (
  op_id TEXT PRIMARY KEY,
  owner INTEGER NOT NULL,
  facet TEXT NOT NULL,
  term TEXT NOT NULL,
  generation INTEGER NOT NULL,      -- of the copy that was erased
  at TEXT NOT NULL,
  code TEXT,                        -- the verdict
  told INTEGER NOT NULL DEFAULT 0,  -- 1: the server knows that the verdict is durable here
  UNIQUE (owner, facet, term, generation)
) WITHOUT ROWID;

-- Finding a patient: one row for the list, and the parts of the names without accents. A few thousand
-- rows at most: what is not the beginning of a name is found by reading them all.
CREATE TABLE patient (
  n INTEGER PRIMARY KEY,            -- of the Patient row in confirmed
  owner INTEGER NOT NULL,
  compartment INTEGER NOT NULL,
  family TEXT NOT NULL,
  given TEXT NOT NULL,
  birth_name TEXT NOT NULL,
  birth_date TEXT NOT NULL,
  sex TEXT NOT NULL,
  ins TEXT NOT NULL,
  status TEXT NOT NULL,
  deceased INTEGER NOT NULL,
  sorted TEXT NOT NULL              -- family, given and birth name without accents, by tabs
);
CREATE TABLE patient_word (
  word TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (word, n)
) WITHOUT ROWID;

-- Finding words in records: every query word on its own, so the index keeps no positions. `unindexed`
-- waits until it is worth a batch.
CREATE TABLE texts (n INTEGER PRIMARY KEY, title TEXT NOT NULL, words TEXT NOT NULL);
CREATE VIRTUAL TABLE found USING fts5 (
  words, content = 'texts', content_rowid = 'n', detail = 'none',
  tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO found (found, rank) VALUES ('secure-delete', 1);
CREATE TABLE unindexed (n INTEGER PRIMARY KEY);

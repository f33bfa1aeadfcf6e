-- Official lists a person imported; nothing of a patient is in them.
CREATE TABLE pack (name TEXT PRIMARY KEY, content BLOB NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;

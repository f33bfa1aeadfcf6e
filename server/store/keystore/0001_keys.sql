-- The key store: a database of its own, with short-lived backups of its own.
-- Nothing here opens anything without ROOT: every secret is wrapped, versions and owners are numbers.

-- LOCAL
CREATE TABLE schema_version (
    version BIGINT NOT NULL,
    applied BIGINT NOT NULL,
    PRIMARY KEY (version)
);

-- LOCAL
CREATE TABLE kek (
    v BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (v)
);

-- LOCAL
CREATE TABLE dek (
    subject BIGINT NOT NULL,
    space TEXT NOT NULL,
    v BIGINT NOT NULL,
    kek BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (subject, space, v)
);

-- LOCAL
CREATE TABLE destroyed (
    subject BIGINT NOT NULL,
    space TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (subject, space)
);

-- LOCAL
CREATE TABLE secret (
    name TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (name)
);

-- LOCAL
CREATE TABLE narrow (
    owner BIGINT NOT NULL,
    op_id TEXT NOT NULL,
    n BIGINT NOT NULL,
    cell BYTEA NOT NULL,
    PRIMARY KEY (owner, op_id)
);

-- One row; the number is wrapped so that nobody without ROOT takes it back.
-- LOCAL
CREATE TABLE restore_number (
    only_row BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (only_row)
);

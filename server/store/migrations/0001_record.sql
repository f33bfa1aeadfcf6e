-- The first schema. Types are PostgreSQL's; server.store.migrations derives the SQLite text.
-- Before each table: its kind. OWNED lies in the shard of `owner`; LOCAL exists once per database.
-- Versions are two columns (version_restore, version_k); times are milliseconds since 1970.

-- LOCAL
CREATE TABLE schema_version (
    version BIGINT NOT NULL,
    applied BIGINT NOT NULL,
    PRIMARY KEY (version)
);

-- OWNED
CREATE TABLE owner (
    owner BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    n BIGINT NOT NULL,
    access_v BIGINT NOT NULL,
    facets_v BIGINT NOT NULL,
    pack TEXT NOT NULL,
    PRIMARY KEY (owner)
);

-- OWNED
CREATE TABLE compartment (
    owner BIGINT NOT NULL,
    facet TEXT NOT NULL,
    head BIGINT NOT NULL,
    floor BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    size BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    PRIMARY KEY (owner, facet)
);

-- OWNED
CREATE TABLE resource (
    owner BIGINT NOT NULL,
    rtype TEXT NOT NULL,
    id TEXT NOT NULL,
    facet TEXT NOT NULL,
    seq BIGINT NOT NULL,
    version_restore BIGINT NOT NULL,
    version_k BIGINT NOT NULL,
    subject BIGINT NOT NULL,
    root TEXT,
    size BIGINT NOT NULL,
    cell BYTEA NOT NULL,
    PRIMARY KEY (owner, rtype, id)
);
CREATE UNIQUE INDEX resource_place ON resource (owner, facet, seq);
CREATE INDEX resource_root ON resource (owner, root) WHERE root IS NOT NULL;

-- OWNED
CREATE TABLE tombstone (
    owner BIGINT NOT NULL,
    facet TEXT NOT NULL,
    seq BIGINT NOT NULL,
    rtype TEXT NOT NULL,
    id TEXT NOT NULL,
    version_restore BIGINT NOT NULL,
    version_k BIGINT NOT NULL,
    PRIMARY KEY (owner, facet, seq)
);
CREATE INDEX tombstone_name ON tombstone (owner, rtype, id);

-- OWNED
CREATE TABLE history (
    owner BIGINT NOT NULL,
    rtype TEXT NOT NULL,
    id TEXT NOT NULL,
    version_restore BIGINT NOT NULL,
    version_k BIGINT NOT NULL,
    subject BIGINT NOT NULL,
    schema BIGINT NOT NULL,
    cell BYTEA NOT NULL,
    PRIMARY KEY (owner, rtype, id, version_restore, version_k)
);

-- OWNED
CREATE TABLE op (
    owner BIGINT NOT NULL,
    op_id TEXT NOT NULL,
    account BIGINT NOT NULL,
    device TEXT NOT NULL,
    acting TEXT NOT NULL,
    digest BYTEA NOT NULL,
    verdict BYTEA,
    at BIGINT NOT NULL,
    PRIMARY KEY (owner, op_id)
);

-- OWNED
CREATE TABLE access_grant (
    owner BIGINT NOT NULL,
    facet TEXT NOT NULL,
    principal TEXT NOT NULL,
    rights TEXT NOT NULL,
    cause TEXT NOT NULL,
    since_v BIGINT NOT NULL,
    until BIGINT,
    PRIMARY KEY (owner, facet, principal)
);

-- OWNED
CREATE TABLE relation (
    owner BIGINT NOT NULL,
    account BIGINT NOT NULL,
    kind TEXT NOT NULL,
    since_v BIGINT NOT NULL,
    until BIGINT,
    cause TEXT NOT NULL,
    PRIMARY KEY (owner, account, kind)
);

-- OWNED
CREATE TABLE deny (
    owner BIGINT NOT NULL,
    account BIGINT NOT NULL,
    since_v BIGINT NOT NULL,
    PRIMARY KEY (owner, account)
);

-- OWNED
CREATE TABLE journal (
    owner BIGINT NOT NULL,
    month BIGINT NOT NULL,
    n BIGINT NOT NULL,
    facet TEXT NOT NULL,
    subject BIGINT NOT NULL,
    cell BYTEA NOT NULL,
    leaf BYTEA NOT NULL,
    log_index BIGINT,
    PRIMARY KEY (owner, month, n)
);
CREATE INDEX journal_facet ON journal (owner, facet, month, n);
CREATE INDEX journal_unplaced ON journal (owner, month, n) WHERE log_index IS NULL;

-- OWNED
CREATE TABLE effect (
    owner BIGINT NOT NULL,
    n BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    target BIGINT NOT NULL,
    kind TEXT NOT NULL,
    cell BYTEA NOT NULL,
    done BIGINT NOT NULL,
    PRIMARY KEY (owner, n)
);
CREATE INDEX effect_due ON effect (owner, not_before) WHERE done = 0;

-- OWNED
CREATE TABLE account (
    owner BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    secret TEXT NOT NULL,
    cell BYTEA NOT NULL,
    PRIMARY KEY (owner)
);

-- OWNED
CREATE TABLE device (
    owner BIGINT NOT NULL,
    device TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    cell BYTEA NOT NULL,
    enrolled BIGINT NOT NULL,
    revoked BIGINT,
    PRIMARY KEY (owner, device)
);

-- OWNED
CREATE TABLE session (
    owner BIGINT NOT NULL,
    token_hash BYTEA NOT NULL,
    device TEXT NOT NULL,
    situation TEXT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (owner, token_hash)
);

-- OWNED
CREATE TABLE member (
    owner BIGINT NOT NULL,
    situation TEXT NOT NULL,
    unit BIGINT NOT NULL,
    profession TEXT NOT NULL,
    role TEXT NOT NULL,
    since_v BIGINT NOT NULL,
    until BIGINT,
    PRIMARY KEY (owner, situation)
);

-- OWNED
CREATE TABLE copy (
    owner BIGINT NOT NULL,
    device TEXT NOT NULL,
    unit BIGINT NOT NULL,
    target BIGINT NOT NULL,
    facet TEXT NOT NULL,
    term TEXT NOT NULL,
    since BIGINT NOT NULL,
    gone BIGINT,
    receipt BIGINT,
    PRIMARY KEY (owner, device, unit, target, facet)
);

-- OWNED
CREATE TABLE moved (
    owner BIGINT NOT NULL,
    reader TEXT NOT NULL,
    v BIGINT NOT NULL,
    PRIMARY KEY (owner, reader)
);

-- OWNED
CREATE TABLE reader (
    owner BIGINT NOT NULL,
    reader TEXT NOT NULL,
    target BIGINT NOT NULL,
    facet TEXT NOT NULL,
    head_hint BIGINT NOT NULL,
    moved_v BIGINT NOT NULL,
    PRIMARY KEY (owner, reader, target, facet)
);
CREATE UNIQUE INDEX reader_moved ON reader (owner, reader, moved_v);

-- OWNED
CREATE TABLE granted (
    owner BIGINT NOT NULL,
    reader TEXT NOT NULL,
    target BIGINT NOT NULL,
    facet TEXT NOT NULL,
    head_hint BIGINT NOT NULL,
    moved_v BIGINT NOT NULL,
    PRIMARY KEY (owner, reader, target, facet)
);
CREATE UNIQUE INDEX granted_moved ON granted (owner, reader, moved_v);

-- OWNED
CREATE TABLE roster (
    owner BIGINT NOT NULL,
    account BIGINT NOT NULL,
    since_v BIGINT NOT NULL,
    PRIMARY KEY (owner, account)
);

-- slot is 0 for a value one target may hold (the key settles the race), else the target.
-- OWNED
CREATE TABLE reservation (
    owner BIGINT NOT NULL,
    space TEXT NOT NULL,
    slot BIGINT NOT NULL,
    target BIGINT NOT NULL,
    detail BYTEA NOT NULL,
    PRIMARY KEY (owner, space, slot)
);

-- OWNED
CREATE TABLE log (
    owner BIGINT NOT NULL,
    position BIGINT NOT NULL,
    source BIGINT NOT NULL,
    month BIGINT NOT NULL,
    n BIGINT NOT NULL,
    leaf BYTEA NOT NULL,
    PRIMARY KEY (owner, position)
);

-- OWNED
CREATE TABLE log_checkpoint (
    owner BIGINT NOT NULL,
    size BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (owner, size)
);

-- Sessions that go on by refresh tokens, each good once (additive).

-- The tokens that follow from one sign-in of one device.
-- OWNED
CREATE TABLE family (
    owner BIGINT NOT NULL,
    family TEXT NOT NULL,
    device TEXT NOT NULL,
    situation TEXT NOT NULL,
    restore BIGINT NOT NULL,
    begun BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    refreshed BIGINT,
    ended BIGINT,
    reason TEXT NOT NULL,
    PRIMARY KEY (owner, family)
);

-- OWNED
CREATE TABLE refresh (
    owner BIGINT NOT NULL,
    token_hash BYTEA NOT NULL,
    family TEXT NOT NULL,
    made BIGINT NOT NULL,
    used BIGINT,
    ask BYTEA,
    follows BYTEA,
    PRIMARY KEY (owner, token_hash)
);

-- the family an access token belongs to
ALTER TABLE session ADD COLUMN family TEXT;
-- when the person of this device last showed password and second factor there
ALTER TABLE device ADD COLUMN proved BIGINT;

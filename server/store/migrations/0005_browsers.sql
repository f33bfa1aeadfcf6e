-- What browsers may show for an account: its passkeys, and the slips they were given.

-- OWNED
CREATE TABLE passkey (
    owner BIGINT NOT NULL,
    credential BYTEA NOT NULL,
    cell BYTEA NOT NULL,
    counter BIGINT NOT NULL,
    added BIGINT NOT NULL,
    used BIGINT,
    PRIMARY KEY (owner, credential)
);

-- A page someone signed in at, a code for a desktop, a challenge that served: kept as hashes, a few minutes.
-- OWNED
CREATE TABLE slip (
    owner BIGINT NOT NULL,
    mark BYTEA NOT NULL,
    kind TEXT NOT NULL,
    until BIGINT NOT NULL,
    cell BYTEA NOT NULL,
    PRIMARY KEY (owner, mark)
);

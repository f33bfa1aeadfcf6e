-- Tries to prove who one is, counted where every process of the server sees them, and after a restart.

-- `owner`: an account, or the keyed hash of a name that is nobody's or of an address. `place`: the keyed hash of
-- where somebody tries from; empty: every place that is not usual together, or the address itself.
-- OWNED
CREATE TABLE attempt (
    owner BIGINT NOT NULL,
    place BYTEA NOT NULL,
    wrong BIGINT NOT NULL,
    until BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    usual BIGINT NOT NULL,
    PRIMARY KEY (owner, place)
);

-- How many patients an account displays, and what was done about it.

-- Which records were displayed by this account lately, whatever the device; kept as long as ops are.
-- OWNED
CREATE TABLE display (
    owner BIGINT NOT NULL,
    at BIGINT NOT NULL,
    target BIGINT NOT NULL,
    PRIMARY KEY (owner, at, target)
);

-- OWNED
CREATE TABLE alarm (
    owner BIGINT NOT NULL,
    n BIGINT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    raised BIGINT NOT NULL,
    patients BIGINT NOT NULL,
    unit BIGINT NOT NULL,
    ended BIGINT,
    PRIMARY KEY (owner, n)
);

-- What shall become of a data key: since when its record is closed, who asked for its end, who agreed.
-- month and n name the lines of the operator's journal that say so; times are milliseconds, 0 is never.

-- LOCAL
CREATE TABLE closure (
    subject BIGINT NOT NULL,
    state TEXT NOT NULL,
    closed BIGINT NOT NULL,
    closed_month BIGINT NOT NULL,
    closed_n BIGINT NOT NULL,
    asked_by BIGINT NOT NULL,
    agreed BIGINT NOT NULL,
    agreed_month BIGINT NOT NULL,
    agreed_n BIGINT NOT NULL,
    listed BIGINT NOT NULL,
    held BIGINT NOT NULL,
    release_by BIGINT NOT NULL,
    PRIMARY KEY (subject)
);

-- Data keys of archived records, sealed to a key that is kept offline.
-- LOCAL
CREATE TABLE archive (
    subject BIGINT NOT NULL,
    space TEXT NOT NULL,
    v BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (subject, space, v)
);

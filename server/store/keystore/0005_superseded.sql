-- Versions of data keys below `v` seal nothing that lives; backups of the data may hold cells of theirs until then.

-- LOCAL
CREATE TABLE superseded (
    subject BIGINT NOT NULL,
    space TEXT NOT NULL,
    v BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (subject, space)
);

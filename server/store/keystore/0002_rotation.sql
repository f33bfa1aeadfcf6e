-- Rotation: when a KEK became the newest, and which data keys wait for a new version.

-- LOCAL
CREATE TABLE kek_since (
    v BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (v)
);

-- LOCAL
CREATE TABLE renewal (
    subject BIGINT NOT NULL,
    space TEXT NOT NULL,
    PRIMARY KEY (subject, space)
);

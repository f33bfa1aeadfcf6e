-- The latest instant of the server's time: what ended by itself stays ended, whatever the machine's clock says.

-- One row.
-- LOCAL
CREATE TABLE reached (
    only_row BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (only_row)
);

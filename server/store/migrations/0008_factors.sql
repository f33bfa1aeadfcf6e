-- How often what a person proves themselves with was ended (additive): what was judged before is worth nothing after.

ALTER TABLE account ADD COLUMN factors BIGINT;

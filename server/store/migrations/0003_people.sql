-- A person's second factor and activation, a device's sign-ins, a session's proof (additive).
-- A process of the version before leaves these columns as they are; absent means none.

-- the last step of the authenticator that was used
ALTER TABLE account ADD COLUMN step BIGINT;
-- SHA-256 of a one-time activation code, and until when it is good
ALTER TABLE account ADD COLUMN code BYTEA;
ALTER TABLE account ADD COLUMN code_until BIGINT;
-- nonces this device signed with in the last minutes
ALTER TABLE device ADD COLUMN nonces BYTEA;
ALTER TABLE device ADD COLUMN seen BIGINT;
-- until when the person behind this session counts as having just proved who they are
ALTER TABLE session ADD COLUMN proven BIGINT;

"""Limits both sides enforce. Units are in the names."""

PROTOCOL = 1
"""The version of these messages; a server answers this one and the one before."""

OPS_PER_REQUEST = 100
OPS_BYTES = 256 * 1024
PAGE_ROWS = 1_000
PAGE_BYTES = 1024 * 1024
ITEMS_PER_REQUEST = 500
BODY_BYTES = 240 * 1024
"""One FHIR resource, as received: with its envelope it fits one request of ops."""
JSON_DEPTH = 32
DECODED_PAGE_BYTES = 8 * 1024 * 1024
"""What a client unpacks at most from one answer, whatever the header says."""
JSON_ANSWER_BYTES = 8 * 1024 * 1024
OPENED_EVERY_S = 600
"""A person who displays a record is written once in this window."""
OWNERS_PER_SITUATION = 3_000
LEASE_DAYS = 7
"""How long a copy is shown whole after a contact, where the server says nothing else."""
CONTINUITY_DAYS = 30
"""How long after a contact what the practice itself wrote stays readable."""
ACKED_KEPT_DAYS = 14
OP_ID_KEPT_DAYS = 15

PAGE_MEDIA_TYPE = "application/vnd.colloque.page+msgpack+zstd"
DIGEST_HEADER = "Repr-Digest"
PROTOCOL_HEADER = "Colloque-Protocol"
RESTORE_HEADER = "Colloque-Restore"
TOKEN_PATH = "/session/v1/token"  # noqa: S105 - an address
ENROL_PATH = "/session/v1/enrol"
PROVE_PATH = "/session/v1/prove"
REVOKE_PATH = "/session/v1/devices/revoke"
SIGN_OUT_PATH = "/session/v1/devices/sign-out"
"""What a proof of the device's key names: both sides write these alike."""
PROOF_HEADER = "DPoP"
NONCE_HEADER = "DPoP-Nonce"

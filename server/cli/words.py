"""What the operator reads when something is refused: what is wrong and what to do."""

from dossier import errors

_SENTENCES: tuple[tuple[type[errors.DossierError], str], ...] = (
    (errors.StoreLocked, "Another colloque-server has this folder open. Stop it first."),
    (errors.WrongKey, "root.key does not open these databases. Put the right root.key back."),
    (errors.SealBroken, "root.key does not open these keys. Put the right root.key back."),
    (
        errors.StoreCorrupt,
        "The database is damaged and was left as it is. Restore the last backup.",
    ),
    (errors.TooNew, "These files were written by a newer version. Upgrade colloque-server."),
    (errors.DiskFull, "The disk is full. Nothing was changed; make room and run this again."),
    (
        errors.KeychainError,
        "root.key is missing, or others may read it. Put it back with mode 0400.",
    ),
    (errors.Busy, "Too many tries. Wait half a minute."),
    (errors.Unavailable, "Nobody and nothing of this name is known here. Check how it is written."),
)
_CODES = {
    "login_taken": "This sign-in name is taken.",
    "rpps_taken": "An account with this RPPS number exists already.",
    "practitioner_taken": "An account of this professional exists already.",
    "password_short": "The password needs 12 characters at least.",
    "loopback_only": "This version answers this machine only: use 127.0.0.1, ::1 or localhost.",
    "address_taken": "This address cannot be listened on; another program may use it. Try --port 0.",
    "unknown_organisation": "No organisation has this id. Make it first with `member organisation`.",
    "nothing_to_import": "No file of FHIR lies there (.json, .ndjson, also with .gz).",
    "organisation_taken": "An organisation with this id is here already.",
    "unknown_profession": "No such profession: 10 is a doctor, 60 a nurse, 331 a medical secretary.",
    "not_a_demonstration": "This server was not made with `init --demonstration`.",
}


def sentence(error: errors.DossierError) -> str:
    """One plain sentence; the machine-readable key stands in brackets."""
    if isinstance(error, errors.Refused) and error.code in _CODES:
        return f"{_CODES[error.code]} [{error.code}]"
    for kind, text in _SENTENCES:
        if isinstance(error, kind):
            return f"{text} [{error.key}]"
    code = error.code if isinstance(error, errors.Refused) else error.key
    says_why = isinstance(error, errors.StoreError) and error.detail
    return f"Not done: {error.detail}. [{code}]" if says_why else f"Not done. [{code}]"

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
)
_CODES = {
    "login_taken": "This sign-in name is taken.",
    "rpps_taken": "An account with this RPPS number exists already.",
    "practitioner_taken": "An account of this professional exists already.",
    "password_short": "The password needs 12 characters at least.",
}


def sentence(error: errors.DossierError) -> str:
    """One plain sentence; the machine-readable key stands in brackets."""
    if isinstance(error, errors.Refused) and error.code in _CODES:
        return f"{_CODES[error.code]} [{error.code}]"
    for kind, text in _SENTENCES:
        if isinstance(error, kind):
            return f"{text} [{error.key}]"
    detail = f" {error.detail}." if isinstance(error, errors.StoreError) and error.detail else ""
    return f"Not done.{detail} [{error.key}]"

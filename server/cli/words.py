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
        errors.StoreAway,
        "The database cannot be reached. Is PostgreSQL running, and is its address in server.json right?",
    ),
    (errors.Busy, "Too many tries. Wait half a minute."),
    (errors.Unavailable, "Nobody and nothing of this name is known here. Check how it is written."),
)
_CODES = {
    "login_taken": "This sign-in name is taken.",
    "rpps_taken": "An account with this RPPS number exists already.",
    "practitioner_taken": "An account of this professional exists already.",
    "breach_of_what": "Say of what: --account, --device, --unit, or a window with --from and --until.",
    "quick_needs_account": "--quick reads what one account's own shard names: give --account as well.",
    "not_an_instant": "This is not a day or an instant. Write 2026-11-22 or 2026-11-22T08:00:00Z.",
    "checkpoint_unreadable": "The file of the checkpoint cannot be read.",
    "checkpoint_unsigned": "This is no checkpoint that a log key of this server's key list signed.",
    "password_short": "The password needs 12 characters at least; 15 are better.",
    "password_long": "The password has more than 128 characters.",
    "password_known": "This password is one that everybody tries first. Choose other words.",
    "password_own": "The password holds the person's own name, sign-in name or workplace. Choose other words.",
    "wrong_proof": "The authenticator's six digits are wrong or were used already. Wait for the next ones.",
    "sign_in_needed": "The sign-in name or the activation code is wrong, used already, or more than a day old.",
    "until_too_far": "A membership lasts a year at most; renew it before it ends.",
    "until_past": "This day is over already.",
    "membership_over": "This membership is over. Add the person again.",
    "other_identity": "This is the identity key of another server.",
    "demonstration_stays": "A demonstration answers this machine only: use 127.0.0.1, ::1 or localhost.",
    "tls_needed": "Other machines are answered over TLS only: give --certificate and --key, or make a private authority with `identity certificate FOLDER --address NAME`.",
    "host_name": "This is neither a host name nor an IP address (cabinet.example, 192.168.1.10).",
    "no_authority": "This server has no private authority. Make one with `identity certificate FOLDER --address NAME`.",
    "other_authority": "This is the key of another authority.",
    "certificate_pair": "Give --certificate and --key together.",
    "certificate_over": "This certificate has ended. Renew it, then start again.",
    "certificate_unlisted": "The signed list does not name the key of this certificate: every desktop would refuse it. Run `identity sign FOLDER --certificate FILE` first.",
    "address_taken": "This address cannot be listened on; another program may use it. Try --port 0.",
    "absence_ends_before": "The last day comes before the first one.",
    "absence_same_person": "Somebody else has to stand in.",
    "no_practitioner": "This person is not in the directory: import their Practitioner first, then name it on the account.",
    "unknown_organisation": "No organisation has this id. Make it first with `member organisation`.",
    "database_address": "This is not the address of a PostgreSQL database (postgresql://...).",
    "database_password": "A password never stands in an address: put it into PostgreSQL's password file (~/.pgpass) or service file.",
    "database_unchecked": "On another machine the database's certificate must be checked: add ?sslmode=verify-full.",
    "database_pair": "Give --database and --key-database together: records and keys lie in databases of their own.",
    "nothing_to_import": "No file of FHIR lies there (.json, .ndjson, also with .gz).",
    "organisation_number": "This is not a FINESS or SIRET number: check each digit.",
    "organisation_taken": "An organisation with this id is here already.",
    "unknown_profession": "No such profession: 10 is a doctor, 60 a nurse, 331 a medical secretary.",
    "no_backup": "This server was never backed up. Run `colloque-server backup FOLDER TARGET --keys KEYTARGET` first.",
    "keys_target": "Say with --keys where the sealed copy of the keys goes: another place than the data.",
    "keep_what": "Say how many backups stay (--keep 30), or how young (--keep-days 365), or both.",
    "databases_taken": "Something lies in these databases already; make new, empty ones and give those.",
    "keys_apart": "Data and keys need two different places: whoever gets one must not get the other.",
    "no_recovery_key": "There is no recovery key yet. Make it with `colloque-server keys recovery FOLDER FILE`.",
    "archive_key_present": "This server has an archive key already; it was left as it is.",
    "not_proven": "The sign-in name, the password or the six digits are wrong, or the digits were used already.",
    "not_entitled": "Only an administrator or the data-protection officer decides this.",
    "same_person": "You asked for this yourself: a second person has to agree.",
    "record_ended": "This record is archived or destroyed already; an archived one is brought back with `keys bring-back`.",
    "record_held": "This record is held. Nothing is destroyed before two persons released it.",
    "destruction_agreed": "Two persons agreed to destroy this record. Withdraw that first.",
    "not_held": "This record is not held.",
    "not_archived": "This record is not archived.",
    "closure_moved": "Somebody else decided about this record meanwhile. Look at `keys pending`, then run this again.",
    "recovery_key_present": "This server has a recovery key already; it was left as it is.",
    "public_address": "Give the address desktops use as https://name or https://name:port, and nothing more.",
    "browsers_address": "Give the address browsers use as https://name, with a name and not a number.",
    "provider_file": "The file of --pro-sante-connect cannot be read: JSON with issuer, client_id, client_secret_file.",
    "provider_address": "The issuer must be an https:// address.",
    "provider_pages": "Say with --browsers where browsers reach this server: the provider sends them back there.",
    "not_blocked": "This account is not blocked.",
    "not_a_demonstration": "This server was not made with `init --demonstration`.",
}

_NAMED = {
    "backup_missing": "There is no backup there",
    "manifest_damaged": "The manifest of this backup is damaged; take another one (--backup)",
    "backup_newer": "This backup was made by a newer version; upgrade colloque-server",
    "segment_missing": "A segment of the backup is missing",
    "segment_damaged": "A segment of the backup is damaged; take another backup or another copy of it",
    "backup_damaged": "The database of this backup is damaged; take another one (--backup)",
    "keys_missing": "No sealed copy of the keys lies there",
    "keys_damaged": "The sealed copy of the keys is damaged; fetch another copy of it",
    "keys_of_another_server": "These are the keys of another server",
    "other_recovery_key": "This recovery key does not open these keys; take the one they were sealed to",
    "target_busy": "Another backup or prune of this place is under way; run this again when it is done",
    "target_keeps_all": "This place lets nothing be removed (append-only?); remove old backups where it lies, from its own account",
    "certificate_unreadable": "This is no certificate (PEM), or it cannot be read",
    "certificate_key": "This key does not belong to the certificate, needs a password, or cannot be read",
    "folder_taken": "Something lies in this folder already; give a new one",
}
"""Refusals that name the file they speak of."""

_REFUSALS = {
    "bundle_refused": "taken with others of a Bundle that was refused: a Bundle is taken whole or not at all",
    "broken_archive": "the .gz is damaged or cut short; fetch it again",
    "consent_for_another": "a consent that would open a record already here to another organisation",
    "differs_from_record": "the record holds another version of it, which was not overwritten",
    "file_changed": "the file changed while it was read; import it again once it is complete",
    "id_of_another_record": "its id is in use in another patient's record",
    "id_twice": "two different resources of one file have this id",
    "another_person": "the record of this id or INS speaks of another person: name or birth date differ",
    "ins_of_another": "the id is one patient's and the INS another's; check the identity at its source",
    "invalid": "not valid FHIR R4; the report says where",
    "link_not_followed": "a link to a folder; give the folder itself",
    "no_resource": "an entry of a Bundle without a resource",
    "not_a_file": "a pipe, a device or a folder, not a file",
    "not_allowed": "the system does not let this account read it",
    "not_found": "no file of this name",
    "not_readable": "the system could not read it; check the disk",
    "request_not_taken": "an entry that erases, changes in place or only asks: an import adds",
    "too_large": "longer than 256 MB unpacked; split it, one Bundle for each patient, or give NDJSON",
    "unavailable": "it was erased or moved here, and is not brought back by an import",
    "unknown_patient": "its patient is neither here nor in these files",
    "unreadable": "no FHIR resource and no set of them (JSON, UTF-8, 200,000 entries at most); the report says why",
}


def refusal_text(reason: str) -> str:
    """Why something was not imported, without its number and its end."""
    if reason.startswith("needs_"):
        return "belongs to a diary or a conversation, which an import of records does not fill"
    return _REFUSALS[reason]


def refusal_sentence(reason: str, count: int) -> str:
    """One line for everything that was refused for one reason."""
    return f"{count} refused: {refusal_text(reason)}. [{reason}]"


def sentence(error: errors.DossierError) -> str:
    """One plain sentence; the machine-readable key stands in brackets."""
    if isinstance(error, errors.Refused) and error.code in _CODES:
        return f"{_CODES[error.code]} [{error.code}]"
    if isinstance(error, errors.Refused) and error.code in _NAMED:
        return f"{_NAMED[error.code]}: {error.detail}. [{error.code}]"
    if isinstance(error, errors.KeychainError):
        return f"Not done: {error.detail}. Put the right file back, with mode 0400. [{error.key}]"
    for kind, text in _SENTENCES:
        if isinstance(error, kind):
            return f"{text} [{error.key}]"
    code = error.code if isinstance(error, errors.Refused) else error.key
    says_why = isinstance(error, errors.StoreError) and error.detail
    return f"Not done: {error.detail}. [{code}]" if says_why else f"Not done. [{code}]"

"""From the figures of the copy to the words of the sync centre, the status bar and the lock page."""

from dossier.errors import Distrusted, DossierError, Refused, TlsRefused
from practitioner_app.ports import ItemState
from practitioner_app.services.search import PatientHit
from practitioner_app.services.session import Connection, Lease, LeaseState, Link, membership_ends
from practitioner_app.services.sync_centre import (
    Centre,
    ConflictRow,
    Exchange,
    OpRow,
    Progress,
    Rank,
    RankRow,
    Status,
    Undone,
)
from ui.errors import error_sentence
from ui.i18n import Texts
from ui.patient_words import patient_line, version_of
from ui.speaking import Speaking
from ui.sync_status.state import (
    CentreState,
    ConflictLine,
    CopyCard,
    ExchangeLine,
    FactRow,
    OpLine,
    RankLine,
)
from ui.theme.tokens import Tone
from ui.widgets.chip import ChipState
from ui.widgets.status_bar import StatusState

_GLYPHS = {
    "AllergyIntolerance": "allergy",
    "Condition": "problem",
    "MedicationStatement": "pill",
    "MedicationRequest": "pill",
    "DocumentReference": "page",
}


def link_chip(status: Status, speaking: Speaking) -> ChipState:
    """The connection in words: never a spinner, never a colour alone."""
    texts, formats = speaking.texts, speaking.formats
    tr = texts.tr
    link = status.connection.link
    copy = formats.moment(status.copy_at) if status.copy_at else ""
    if link is Link.SYNCING or (link is Link.ONLINE and not status.complete):
        words = tr(
            "Updating: {done} patients of {total}",
            done=formats.number(status.patients),
            total=formats.number(status.patients_total),
        )
        return ChipState(words, Tone.ACCENT, "sync")
    if link is Link.ONLINE:
        at = formats.time(status.copy_at) if status.copy_at else ""
        return ChipState(tr("Online — up to date at {time}", time=at), Tone.OK, "cloud")
    if link is Link.STARTING:
        return ChipState(tr("Connecting"), Tone.NEUTRAL, "sync")
    if link is Link.OFFLINE:
        if not copy:
            return ChipState(tr("Offline — no copy yet"), Tone.WARN, "cloud_off")
        return ChipState(tr("Offline — copy of {moment}", moment=copy), Tone.WARN, "cloud_off")
    if status.connection.detail == "tls_clock":
        link = Link.CLOCK_WRONG
    return ChipState(link_words(texts, link), Tone.WARN, "alert")


def link_words(texts: Texts, link: Link) -> str:
    """Why there is no connection, and what to do where something can be done."""
    tr = texts.tr
    return {
        Link.TLS: tr("The server’s certificate is refused: call the operator"),
        Link.NOT_COLLOQUE: tr("This network asks for a sign-in page, or another site answers"),
        Link.BAD_ANSWER: tr("The server’s answer is damaged: trying again"),
        Link.SIGN_IN: tr("This computer’s right has ended: enrol it again"),
        Link.PROOF: tr("Show that it is you, to send and receive"),
        Link.BLOCKED: tr("Reading stopped: too many records opened"),
        Link.DISTRUSTED: tr("Server not recognised: call the operator"),
        Link.TOO_OLD: tr("This version is too old: update Colloque"),
        Link.BUSY: tr("The server is busy: trying again"),
        Link.CLOCK_WRONG: tr("The clock of this computer is wrong: set it"),
        Link.STORE: tr("The copy cannot be written: free some disk space"),
    }.get(link, tr("Offline"))


def status_state(status: Status, speaking: Speaking, person: str) -> StatusState:
    """The status bar."""
    texts, formats = speaking.texts, speaking.formats
    chips = [link_chip(status, speaking)]
    if status.pending:
        words = texts.trn(
            "{count} waiting to be sent", "{count} waiting to be sent", status.pending
        )
        chips.append(ChipState(words, Tone.WAIT, "hourglass"))
    if status.refused:
        words = texts.trn("{count} to fix", "{count} to fix", status.refused)
        chips.append(ChipState(words, Tone.WARN, "wrench"))
    if status.conflicts:
        words = texts.trn(
            "{count} disagreement to settle", "{count} disagreements to settle", status.conflicts
        )
        chips.append(ChipState(words, Tone.DANGER, "versions", outline=True))
    warning = ""
    if status.lease.state is Lease.ENDING and status.lease.until is not None:
        until = formats.long_moment(status.lease.until)
        warning = texts.tr("Without a connection, this computer locks on {until}.", until=until)
    ends = membership_ends(status.lease, speaking.now)
    if ends is not None and not warning:
        day = formats.day(ends)
        warning = texts.tr("Your place in this practice ends on {day}: have it renewed.", day=day)
    return StatusState(tuple(chips), person, warning)


def continuity_words(lease: LeaseState, speaking: Speaking) -> str:
    """The banner of continuity mode: what it shows and not, and until when; empty outside of it."""
    if not lease.narrowed or lease.closes is None or lease.last_contact is None:
        return ""
    formats = speaking.formats
    return speaking.texts.tr(
        "Continuity mode, reading only, since the server was last met on {since}. Until {until}: what the "
        "practice wrote. Hidden: what others wrote. Each opening goes to the journal.",
        since=formats.moment(lease.last_contact),
        until=formats.moment(lease.closes),
    )


def centre_state(centre: Centre, speaking: Speaking) -> CentreState:
    """The whole sync centre."""
    texts = speaking.texts
    pending = [one for one in centre.pending if one.rtype]
    openings = len(centre.pending) - len(pending)
    waiting = len(pending) + len(centre.refused) + len(centre.conflicts)
    risk = ""
    if waiting:
        risk = texts.trn(
            "{count} item waits on this computer: it would be lost if it were destroyed now.",
            "{count} items wait on this computer: they would be lost if it were destroyed now.",
            waiting,
        )
    return CentreState(
        copy=_copy(centre, speaking),
        facts=_facts(centre, speaking),
        exchanges=tuple(_exchange(one, speaking) for one in centre.exchanges[:8]),
        refused=tuple(_op(one, centre.connection, speaking) for one in centre.refused),
        pending=tuple(_op(one, centre.connection, speaking) for one in pending),
        openings=texts.trn(
            "{count} opening of a record goes to the journal at the next contact.",
            "{count} openings of records go to the journal at the next contact.",
            openings,
        )
        if openings
        else "",
        conflicts=tuple(_conflict(one, speaking) for one in centre.conflicts),
        at_risk=risk,
    )


def _stopped_by(connection: Connection) -> DossierError | None:
    """What a person has to be told in a whole sentence; None while nothing is that wrong."""
    match connection.link:
        case Link.TLS:
            return TlsRefused(connection.detail.removeprefix("tls_"))
        case Link.DISTRUSTED:
            return Distrusted(connection.detail)
        case Link.BLOCKED | Link.PROOF:
            return Refused(connection.detail)
    return None


def _notice(centre: Centre, speaking: Speaking) -> str:
    """What may be relied upon now, in one sentence."""
    tr, copy = speaking.texts.tr, centre.copy
    stopped = _stopped_by(centre.connection)
    if stopped is not None:
        return error_sentence(speaking.texts, stopped)
    if centre.lease.narrowed:
        return tr("Continuity mode: only what the practice wrote is shown and counted.")
    if copy.complete:
        return tr("The copy of this computer is complete: it works without a connection.")
    if copy.usable:
        return tr(
            "This computer can be used. A record not received yet shows “not received yet”, never “none”."
        )
    return tr("The first update has just begun: the patient list comes first.")


def _copy(centre: Centre, speaking: Speaking) -> CopyCard:
    copy = centre.copy
    tr, formats = speaking.texts.tr, speaking.formats
    sizes = tr(
        "{size} of {total}", size=formats.size(copy.size), total=formats.size(copy.size_total)
    )
    figures = [
        tr(
            "{rows} items of {total}",
            rows=formats.number(copy.rows),
            total=formats.number(copy.rows_total),
        ),
        sizes,
    ]
    if copy.bytes_per_s and not copy.complete:
        figures.append(tr("{size} a second", size=formats.size(int(copy.bytes_per_s))))
    left = ""
    if not copy.complete:
        left = tr("Time left: {time}", time=formats.left(copy.seconds_left))
    return CopyCard(
        title=tr("Copy of this computer") if copy.complete else tr("Update of the copy"),
        aside="",
        big=formats.number(copy.patients),
        big_after=tr("patients of {total}", total=formats.number(copy.patients_total)),
        left=left,
        ratio=copy.percent / 100,
        figures=" · ".join(figures),
        percent=formats.percent(copy.percent / 100),
        ranks=tuple(_rank(row, speaking) for row in copy.ranks if row.patients_total),
        notice=_notice(centre, speaking),
        alarm=_stopped_by(centre.connection) is not None,
    )


def _rank(row: RankRow, speaking: Speaking) -> RankLine:
    tr, formats = speaking.texts.tr, speaking.formats
    title, about = {
        Rank.LIST: (tr("Patient list"), tr("identities, to find them")),
        Rank.NAMES: (tr("Directory of the practice"), tr("names of doctors and places")),
        Rank.RECORDS: (tr("Records"), tr("the one that is opened comes first")),
    }[row.rank]
    chip = {
        Progress.DONE: ChipState(tr("Done"), Tone.OK, "check"),
        Progress.UNDER_WAY: ChipState(tr("Under way"), Tone.ACCENT, "sync"),
        Progress.TO_COME: ChipState(tr("To come"), Tone.NEUTRAL),
    }[row.progress]
    if row.rank is Rank.LIST and row.progress is not Progress.DONE:
        about = tr("first, so that one can begin")
    under_way = row.progress is Progress.UNDER_WAY and row.rows_total
    return RankLine(
        title=title,
        about=about,
        patients=tr(
            "{done} of {total}",
            done=formats.number(row.patients),
            total=formats.number(row.patients_total),
        ),
        rows=formats.number(row.rows)
        if row.progress is Progress.DONE
        else tr(
            "{done} of {total}", done=formats.number(row.rows), total=formats.number(row.rows_total)
        ),
        chip=chip,
        ratio=row.rows / row.rows_total if under_way else None,
    )


def _facts(centre: Centre, speaking: Speaking) -> tuple[FactRow, ...]:
    tr, formats = speaking.texts.tr, speaking.formats
    contact, ago = tr("never"), ""
    if centre.last_contact is not None:
        contact = formats.moment(centre.last_contact)
        ago = formats.ago(centre.last_contact, speaking.now)
    copy = centre.copy
    whole = tr("yes: {total} patients", total=formats.number(copy.patients_total))
    if centre.lease.narrowed:
        whole = tr(
            "hidden: {total} patients by what the practice wrote",
            total=formats.number(copy.patients_total),
        )
    elif not copy.complete:
        whole = tr(
            "not yet: {done} patients of {total}",
            done=formats.number(copy.patients),
            total=formats.number(copy.patients_total),
        )
    rows = [
        FactRow(tr("Last contact with the server"), contact, ago),
        FactRow(
            tr("Complete copy"), whole, "" if copy.complete else tr("the others need a connection")
        ),
    ]
    if centre.lease.until is not None:
        until = formats.long_moment(centre.lease.until)
        words = tr("without contact, locks on {until}", until=until)
        if centre.lease.narrowed:
            words = tr("over since {until}", until=until)
        rows.append(FactRow(tr("Time without a connection"), tr("7 days"), words))
    rows.append(
        FactRow(
            tr("Space on disk"),
            tr("{size}, encrypted", size=formats.size(copy.disk_bytes)),
            tr("key erased at each lock"),
        )
    )
    return tuple(rows)


def _exchange(one: Exchange, speaking: Speaking) -> ExchangeLine:
    words = exchange_words(speaking, one)
    return ExchangeLine(speaking.formats.time(one.at), words)


def exchange_words(speaking: Speaking, one: Exchange) -> str:
    """The sentence of a line of the log; an unknown key is shown as it is."""
    tr, trn, formats = speaking.texts.tr, speaking.texts.trn, speaking.formats
    number = next(iter(one.figures.values()), 0)
    shown = formats.number(number)
    counted = {
        "exchange.pulled": trn(
            "Update: {shown} item received", "Update: {shown} items received", number, shown=shown
        ),
        "exchange.pushed": trn("Sent: {shown} item", "Sent: {shown} items", number, shown=shown),
        "exchange.purged": trn(
            "Erased from this computer: {shown} record",
            "Erased from this computer: {shown} records",
            number,
            shown=shown,
        ),
    }
    plain = {
        "exchange.online": tr("Connection found again"),
        "exchange.offline": tr("Connection lost"),
        "exchange.started": tr("Connection to the server"),
        "exchange.restored": tr("The server was restored from a backup"),
    }
    return (counted if one.figures else plain).get(one.key) or plain.get(one.key, one.key)


def person_of(patient: PatientHit | None, speaking: Speaking) -> str:
    """Two identifiers, always."""
    if patient is None:
        return speaking.texts.tr("a record that is not on this computer")
    return patient_line(patient, speaking)


def _op(row: OpRow, connection: Connection, speaking: Speaking) -> OpLine:
    """What was tried and has no answer is not `being sent` once the server is out of reach."""
    texts, formats = speaking.texts, speaking.formats
    tr = texts.tr
    what = formats.decimals(row.title) or rtype_word(texts, row.rtype)
    tried = row.state is ItemState.SENT
    chip = ChipState(tr("Not sent yet"), Tone.WAIT, "hourglass")
    if row.state is ItemState.REFUSED:
        chip = ChipState(tr("Refused"), Tone.WARN, "stop", outline=True)
    elif tried and not connection.offline:
        chip = ChipState(tr("Being sent"), Tone.WAIT, "up")
    written = tr("written on {moment}", moment=formats.moment(row.at))
    if tried and connection.offline:
        written += " · " + tr("tried once, no answer yet")
    because = reason_words(texts, row.reason) if row.state is ItemState.REFUSED else ""
    return OpLine(
        op_id=row.op_id,
        owner=row.owner,
        rtype=row.rtype,
        rid=row.id,
        glyph=_GLYPHS.get(row.rtype, "page"),
        title=f"{what} — {person_of(row.patient, speaking)}",
        second=f"{rtype_word(texts, row.rtype)} · {written}" if row.title else written,
        chip=chip,
        size=formats.size(row.size_bytes),
        because=because,
        undoable=row.state is ItemState.PENDING and row.kind != "opened",
    )


def rtype_word(texts: Texts, rtype: str) -> str:
    tr, trc = texts.tr, texts.trc
    return {
        "AllergyIntolerance": trc("timeline", "Allergy"),
        "Condition": trc("timeline", "Problem"),
        "MedicationStatement": trc("timeline", "Treatment"),
        "MedicationRequest": tr("Prescription"),
        "": tr("Opening of a record (journal)"),
    }.get(rtype, trc("timeline", "Document"))


def undo_words(texts: Texts, outcome: Undone) -> str:
    """Why an item stays, and what the doctor can do."""
    tr = texts.tr
    return {
        Undone.LEFT: tr(
            "Already sent: the server’s answer is awaited. Once it is recorded, correct it in the record."
        ),
        Undone.NEEDED: tr("A later change rests on this one: undo the later one first."),
    }.get(outcome, tr("The server has just answered: correct it in the record."))


def reason_words(texts: Texts, reason: str) -> str:
    """Why the server said no, and what to do. `Refused because …`."""
    tr = texts.tr
    known = {
        "access_denied": tr("your rights on this record do not allow it any more."),
        "unavailable": tr("this record is not available to you any more."),
        "invalid": tr("the entry breaks a rule of the server: open it and correct it."),
        "closed": tr("this record is closed."),
        "too_large": tr("the entry is too large."),
        "base_missing": tr("the line it changes is not there any more."),
        "dependency_refused": tr("it rests on another entry that was not accepted."),
        "check_after_restore": tr(
            "the server was restored from a backup: enter it again if it still holds."
        ),
        "no_membership": tr("your membership of the practice has ended."),
    }
    tail = reason.rsplit(".", 1)[-1]
    fallback = tr("the server gave this reason: {reason}", reason=reason or tr("none given"))
    return known.get(tail, fallback)


def _conflict(row: ConflictRow, speaking: Speaking) -> ConflictLine:
    texts, formats = speaking.texts, speaking.formats
    mine = texts.tr("My version ({moment})", moment=formats.moment(row.at))
    other = texts.tr("the other version")
    if row.other_author:
        other = version_of(row.other_author, texts)
    if row.other_at:
        other += f" ({formats.moment(row.other_at)})"
    return ConflictLine(
        op_id=row.op_id,
        title=f"{formats.decimals(row.title)} — {person_of(row.patient, speaking)}",
        second=f"{mine} · {other[:1].lower()}{other[1:]}",
    )

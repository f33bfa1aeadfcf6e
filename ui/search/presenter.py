"""From what was found to the lines of the palette, group by group."""

from practitioner_app.services.search import Action, DocumentHit, Found, PatientHit, spans
from ui.patient_words import born_line, patient_line, patient_name
from ui.search.state import HitKind, HitRow, PaletteState
from ui.speaking import Speaking
from ui.words import identity_word

_DRUGS = frozenset({"MedicationStatement", "MedicationRequest"})
_START, _END = "\u0002", "\u0003"


def palette_state(
    found: Found, speaking: Speaking, *, open_record: str, shortcuts: dict[str, str]
) -> PaletteState:
    """`open_record`: name and birth date of the record on the screen."""
    texts = speaking.texts
    tr = texts.tr
    rows: list[HitRow] = []
    groups: tuple[tuple[str, int, list[HitRow]], ...] = (
        (
            tr("In the open record: {record}", record=open_record),
            found.here_total,
            [_document(hit, speaking, here=True) for hit in found.here],
        ),
        (
            tr("Actions"),
            found.actions_total,
            [_action(hit, speaking, shortcuts, open_record, found.words) for hit in found.actions],
        ),
        (
            tr("Patients"),
            found.patients_total,
            [_patient(hit, speaking) for hit in found.patients],
        ),
        (
            tr("Documents of other patients"),
            found.elsewhere_total,
            [_document(hit, speaking, here=False) for hit in found.elsewhere],
        ),
    )
    for title, total, members in groups:
        if members:
            count = tr("{done} of {total}", done=len(members), total=speaking.formats.number(total))
            rows.append(
                HitRow(
                    kind=HitKind.HEAD, key=f"head:{title}", title=title, words=title, second=count
                )
            )
            rows += members
    total = found.here_total + found.actions_total + found.patients_total + found.elsewhere_total
    answers, sentence = "", ""
    if found.words.strip():
        answers = texts.trn(
            "{count} answer on this computer", "{count} answers on this computer", total
        )
        if found.capped:
            answers = tr("more than {count} answers on this computer", count=total)
        if not rows:
            sentence = tr(
                "Nothing written by the practice answers. Continuity mode hides the rest."
            )
        if not rows and not speaking.narrowed:
            sentence = tr(
                "Nothing on this computer answers. Patients that are not in its copy are not searched."
            )
    else:
        sentence = tr(
            "Type part of a name, a birth date, an INS number, a word of a document or an action."
        )
    return PaletteState(words=found.words, rows=tuple(rows), answers=answers, sentence=sentence)


def plain_excerpt(excerpt: str) -> str:
    """The excerpt without the marks of the index."""
    return excerpt.replace(_START, "").replace(_END, "").strip()


def _document(hit: DocumentHit, speaking: Speaking, *, here: bool) -> HitRow:
    tr, formats = speaking.texts.tr, speaking.formats
    title = formats.decimals(hit.title) or tr("Untitled document")
    whose = ""
    if not here and hit.patient is not None:
        whose = f" — {patient_line(hit.patient, speaking)}"
    excerpt = plain_excerpt(hit.excerpt)
    if hit.rtype in _DRUGS:
        excerpt = formats.decimals(excerpt)
    quoted = f"« {excerpt} »" if speaking.texts.language == "fr" else f"“{excerpt}”"
    second = " · ".join(part for part in (formats.day(hit.at), quoted if excerpt else "") if part)
    act = tr("Open") if here else tr("Changes patient")
    return HitRow(
        kind=HitKind.HERE if here else HitKind.ELSEWHERE,
        key=f"{hit.rtype}/{hit.id}",
        title=title,
        whose=whose,
        second=second,
        words=f"{title}{whose}, {second}, {act}",
        glyph="page",
        act=act,
        marks=hit.marks,
        owner=hit.owner,
        rtype=hit.rtype,
        rid=hit.id,
    )


def _action(
    action: Action, speaking: Speaking, shortcuts: dict[str, str], open_record: str, words: str
) -> HitRow:
    """An act on the open record names its patient (HZ-01)."""
    tr = speaking.texts.tr
    whose = open_record if action.needs_patient else ""
    return HitRow(
        kind=HitKind.ACTION,
        key=action.key,
        title=action.title,
        words=", ".join(part for part in (action.title, whose, tr("Action")) if part),
        second=whose,
        glyph="pencil" if action.needs_patient else "right",
        act=tr("Action"),
        marks=spans(action.title, words),
        shortcut=shortcuts.get(action.key, ""),
    )


def _patient(hit: PatientHit, speaking: Speaking) -> HitRow:
    tr = speaking.texts.tr
    name = patient_name(hit, speaking.today)
    second = born_line(hit, speaking)
    if hit.status is not None:
        word = identity_word(speaking.texts, hit.status).lower()
        second += " · " + tr("identity {status}", status=word)
    if hit.homonym and hit.ins:
        second += f" · INS {speaking.formats.ins(hit.ins)}"
    warning = tr("homonym: check the birth date") if hit.homonym else ""
    shift = len(name) - len(f"{hit.family} {hit.given}")
    return HitRow(
        kind=HitKind.PATIENT,
        key=f"patient:{hit.owner}",
        title=name,
        second=second,
        words=", ".join(part for part in (name, second, warning) if part),
        glyph="person",
        act=tr("Open the record"),
        marks=tuple((start + shift, end + shift) for start, end in hit.marks),
        warning=warning,
        owner=hit.owner,
    )

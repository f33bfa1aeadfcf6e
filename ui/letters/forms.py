"""What is asked to write a letter, a certificate, an order; and what is wrong with the answers."""

from datetime import date, timedelta

from msgspec import Struct

from dossier.terminology.letters import LetterKind, LetterTemplate, fields
from practitioner_app.services.letters import OrderLine, SignLetter
from ui.forms import Answers, FieldSpec, FormSpec, Option, WrongField
from ui.i18n import Texts
from ui.letters.dates import read_day, shown_day
from ui.letters.sheets import TITLES

BODY_LINES, ORDER_LINES, LONGEST = 18, 7, 20_000


def kind_title(texts: Texts, kind: LetterKind) -> str:
    tr = texts.tr
    return {
        LetterKind.REFERRAL: tr("Referral letter"),
        LetterKind.CERTIFICATE: tr("Certificate"),
        LetterKind.SICK_LEAVE: tr("Sick leave (copy)"),
        LetterKind.LABORATORY: tr("Laboratory order"),
        LetterKind.IMAGING: tr("Imaging order"),
        LetterKind.PHYSIOTHERAPY: tr("Physiotherapy order"),
        LetterKind.NURSING: tr("Nursing order"),
    }[kind]


class LetterAsk(Struct, frozen=True, kw_only=True):
    """What a form is made for. `body`: the first template, filled. `values`: of the version that is corrected."""

    kind: LetterKind
    templates: tuple[LetterTemplate, ...]
    key: str
    about: str
    today: date
    body: str
    colleagues: tuple[str, ...] = ()
    ald: bool = False
    values: dict[str, str] = {}


def letter_form(texts: Texts, ask: LetterAsk) -> FormSpec:
    tr, kind = texts.tr, ask.kind
    began = {"template": ask.templates[0].code, text_field(kind): ask.body}
    found = [_template_field(texts, ask.templates)]
    if kind.orders:
        found += _order_fields(texts, kind, ald=ask.ald)
    elif kind is LetterKind.SICK_LEAVE:
        found += _leave_fields(texts)
    else:
        found += _letter_fields(texts, kind, ask.colleagues)
    return FormSpec(
        key=ask.key,
        title=kind_title(texts, kind),
        about=ask.about,
        save=tr("Sign"),
        fields=tuple(found),
        values=began | _first_values(kind, ask.today) | ask.values,
        note=_note(texts, kind),
        other=tr("Keep as a template…"),
    )


def text_field(kind: LetterKind) -> str:
    """The field that a template fills."""
    return "lines" if kind.orders else "body"


def _first_values(kind: LetterKind, today: date) -> dict[str, str]:
    if kind is LetterKind.SICK_LEAVE:
        return {"first": shown_day(today), "outings": "free", "renewed": "no"}
    if kind.orders:
        found = {"urgent": "no", "ald": "no"}
        if kind.expected_days:
            found["expected"] = shown_day(today + timedelta(days=kind.expected_days))
        return found
    return {}


def _template_field(texts: Texts, templates: tuple[LetterTemplate, ...]) -> FieldSpec:
    options = tuple(Option(one.code, one.label(texts.language)) for one in templates)
    return FieldSpec(key="template", label=texts.tr("Template"), options=options, stacked=True)


def _letter_fields(texts: Texts, kind: LetterKind, colleagues: tuple[str, ...]) -> list[FieldSpec]:
    tr = texts.tr
    found = []
    if kind is LetterKind.REFERRAL:
        found = [
            FieldSpec(
                key="to",
                label=tr("Addressee"),
                placeholder=tr("name, service, address, with commas"),
                suggestions=colleagues,
            ),
            FieldSpec(key="object", label=tr("Subject"), placeholder=tr("cardiology advice")),
        ]
    return [
        *found,
        FieldSpec(key="body", label=tr("Text"), lines=BODY_LINES, required=True),
    ]


def _order_fields(texts: Texts, kind: LetterKind, *, ald: bool) -> list[FieldSpec]:
    tr = texts.tr
    no, yes = Option("no", tr("No")), Option("yes", tr("Yes"))
    found = [
        FieldSpec(
            key="lines",
            label=tr("What is ordered"),
            hint=tr("One line each."),
            lines=ORDER_LINES,
            required=True,
        ),
        FieldSpec(key="reason", label=tr("Clinical information"), lines=3),
        FieldSpec(key="urgent", label=tr("Urgent"), options=(no, yes)),
    ]
    if kind.expected_days:
        found.append(
            FieldSpec(
                key="expected",
                label=tr("Result expected by"),
                hint=tr("After this day, without a result, the order is listed. Empty: never."),
                placeholder=tr("23/12/2026"),
            )
        )
    if ald:
        found.append(
            FieldSpec(key="ald", label=tr("For the long-term condition (ALD)"), options=(no, yes))
        )
    return found


def _leave_fields(texts: Texts) -> list[FieldSpec]:
    tr = texts.tr
    return [
        FieldSpec(
            key="renewed",
            label=tr("Kind"),
            options=(Option("no", tr("Initial")), Option("yes", tr("Extension"))),
        ),
        FieldSpec(key="first", label=tr("First day"), required=True),
        FieldSpec(key="last", label=tr("Last day"), required=True),
        FieldSpec(
            key="outings",
            label=tr("Outings"),
            stacked=True,
            options=(
                Option("free", tr("Allowed without restriction")),
                Option("hours", tr("Allowed outside 9–11 and 14–16")),
                Option("none", tr("Not allowed")),
            ),
        ),
        FieldSpec(key="body", label=tr("Remark"), lines=3),
    ]


def _note(texts: Texts, kind: LetterKind) -> str:
    tr = texts.tr
    if kind is LetterKind.SICK_LEAVE:
        return tr(
            "This is a copy for information: the official form is made elsewhere (amelipro or paper)."
        )
    if kind.orders:
        return tr("Signing makes the document and follows each line until its result comes.")
    return tr("Fields in braces are to be filled before signing.")


class LetterEntry:
    """Reads the answers of one letter, for one patient. `replaces`: the id of the corrected version."""

    def __init__(
        self, texts: Texts, kind: LetterKind, owner: int, today: date, replaces: str
    ) -> None:
        self._texts, self._kind, self._owner = texts, kind, owner
        self._today, self._replaces = today, replaces

    def parse(self, answers: Answers) -> SignLetter:
        """The command, without its page. Raises WrongField."""
        field = text_field(self._kind)
        self._refuse_fields(field, answers.get(field, ""))
        lines = self._lines(answers) if self._kind.orders else ()
        if self._kind is LetterKind.SICK_LEAVE:
            self._days(answers)
        return SignLetter(
            owner=self._owner,
            kind=self._kind,
            title=self._title(answers),
            at=self._today.isoformat(),
            lines=lines,
            replaces=self._replaces,
        )

    def _refuse_fields(self, field: str, text: str) -> None:
        tr = self._texts.tr
        standing = fields(text)
        if standing:
            names = ", ".join(standing)
            raise WrongField(field, tr("Still to be filled: {names}.", names=names))
        if len(text) > LONGEST:
            raise WrongField(field, tr("This text is too long for one letter: shorten it."))

    def _title(self, answers: Answers) -> str:
        about = answers.get("object", "").strip()
        title = TITLES[self._kind]
        return f"{title} — {about}" if about and self._kind is LetterKind.REFERRAL else title

    def _lines(self, answers: Answers) -> tuple[OrderLine, ...]:
        expected = self._expected(answers)
        said = [line.strip() for line in answers.get("lines", "").splitlines() if line.strip()]
        reason, urgent = answers.get("reason", "").strip(), answers.get("urgent") == "yes"
        return tuple(
            OrderLine(label=line, reason=reason, expected=expected, urgent=urgent) for line in said
        )

    def _expected(self, answers: Answers) -> str:
        text, tr = answers.get("expected", "").strip(), self._texts.tr
        if not text:
            return ""
        day = read_day(text)
        if day is None or day <= self._today:
            raise WrongField("expected", tr("Type a day to come: 23/12/2026."))
        return day.isoformat()

    def _days(self, answers: Answers) -> None:
        tr = self._texts.tr
        first, last = read_day(answers.get("first", "")), read_day(answers.get("last", ""))
        if first is None:
            raise WrongField("first", tr("Type a day: 23/12/2026."))
        if last is None or last < first:
            raise WrongField("last", tr("Type a day that is not before the first: 23/12/2026."))


def template_form(texts: Texts, template: LetterTemplate, about: str) -> FormSpec:
    """Name and wording of one's own template; the draft of one is kept like any other."""
    tr = texts.tr
    return FormSpec(
        key=f"letter_template:{template.kind}",
        title=tr("My template"),
        about=about,
        save=texts.trc("verb", "Record"),
        values={"name": template.fr if template.own else "", "body": template.body},
        note=tr(
            "Fields filled from the record: {patient}, {âge}, {date}, {problèmes}, {antécédents}, "
            "{traitements}, {allergies}, {résultats depuis 6 mois}. Any other is asked at each letter."
        ),
        other=tr("Throw this template away") if template.own else "",
        fields=(
            FieldSpec(key="name", label=tr("Name of the template"), required=True),
            FieldSpec(key="body", label=tr("Text"), lines=BODY_LINES, required=True),
        ),
    )

"""Writing one letter: its form, its page, its signature. One letter at a time, of the open record (HZ-01)."""

from collections.abc import Callable

from msgspec import Struct, structs
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from dossier.errors import DossierError
from dossier.terminology.letters import LetterKind, LetterTemplate
from practitioner_app.services.drafts import Slot as DraftSlot
from practitioner_app.services.letterheads import Heading, LetterheadService
from practitioner_app.services.letters import LetterService, SignedLetter, SignLetter
from practitioner_app.services.rows import Record
from practitioner_app.services.writing import Written
from ui.entry import EntryModel, EntryTools
from ui.errors import error_sentence
from ui.forms import Answers, FormSpec
from ui.letters.fields import RecordFields
from ui.letters.forms import LetterAsk, LetterEntry, letter_form, template_form, text_field
from ui.letters.sheets import LetterPage
from ui.paper.heads import french_paper
from ui.paper.pdf import render
from ui.paper.sheet import Sheet, plain_text
from ui.patient.banner import born_words, full_name
from ui.speaking import Speaking

SLOT = "letter"
_REPLACES = "replaces/"
_PREVIEW_MS = 250
PATHS = {"DocumentReference.content": "body", "ServiceRequest.code": "lines"}


class Begun(Struct, frozen=True, kw_only=True):
    """What a letter is begun with, read at once."""

    kind: LetterKind
    heading: Heading
    templates: tuple[LetterTemplate, ...]
    colleagues: tuple[str, ...]
    corrected: SignedLetter | None = None


def read_begun(
    letters: LetterService,
    heads: LetterheadService,
    owner: int,
    kind: LetterKind | None,
    rid: str,
) -> Begun | None:
    """Read lane. None when the version to correct is none of ours, or not the present one any more."""
    older = letters.signed(owner, rid) if rid else None
    what = older.kind if older is not None else kind
    if what is None:
        return None
    return Begun(
        kind=what,
        heading=heads.mine(),
        templates=letters.templates(what),
        colleagues=heads.colleagues() if what is LetterKind.REFERRAL else (),
        corrected=older,
    )


class Signing(Struct, frozen=True):
    """A command and the page it will carry."""

    command: SignLetter
    sheet: Sheet


def template_entry(
    text: str,
    chosen: LetterTemplate,
    page: LetterPage,
    letters: LetterService,
    tools: EntryTools,
    told: tuple[Speaking, str],
) -> EntryModel[LetterTemplate]:
    """The form of a template made from a text: what was inserted is a field again."""
    speaking, about = told
    body = RecordFields(page.record, page.paper).as_template(text, chosen.body)
    began = structs.replace(chosen, body=body)

    def parse(answers: Answers) -> LetterTemplate:
        return structs.replace(
            began, fr=answers.get("name", ""), body=answers.get("body", ""), en=""
        )

    def write(template: LetterTemplate) -> Written:
        letters.keep_template(template)
        return Written("", page.record.owner, "", "")

    return EntryModel(
        spec=template_form(speaking.texts, began, about),
        owner=page.record.owner,
        parse=parse,
        write=write,
        tools=tools,
        paths={"template.name": "name", "template.body": "body"},
    )


class LetterModel(QObject):
    """`ready`: there is a form to show. `rendered`: the page of the present answers."""

    ready = Signal()
    rendered = Signal(bytes)
    signed = Signal(object)
    """Every act of one signature (tuple of Written), the document first."""
    refused = Signal(str)
    template_ready = Signal(object)

    def __init__(
        self,
        letters: LetterService,
        letterheads: LetterheadService,
        tools: EntryTools,
        speak: Callable[[], Speaking],
        family: str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._letters, self._letterheads = letters, letterheads
        self._tools, self._speak, self._family = tools, speak, family
        self.entry: EntryModel[Signing] | None = None
        self.page: LetterPage | None = None
        self._templates: tuple[LetterTemplate, ...] = ()
        self._record: Record | None = None
        self._inserted = ""
        self._written: tuple[Written, ...] = ()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PREVIEW_MS)
        self._timer.timeout.connect(self._preview)

    @property
    def owner(self) -> int | None:
        """Whose letter is open."""
        return self._record.owner if self._record is not None else None

    # -- beginning and leaving ------------------------------------------------

    def begin(self, kind: LetterKind, record: Record) -> None:
        """A new letter, or the draft of one."""
        self._begin(kind, record, "")

    def correct(self, rid: str, record: Record) -> None:
        """A new version of a signed letter."""
        self._begin(None, record, rid)

    def resume(self, slot: DraftSlot, record: Record) -> None:
        """What was being written before a lock or a crash."""
        if slot.about.startswith(_REPLACES):
            self._begin(None, record, slot.about.removeprefix(_REPLACES))
        elif slot.about in set(LetterKind):
            self._begin(LetterKind(slot.about), record, "")

    def _begin(self, kind: LetterKind | None, record: Record, rid: str) -> None:
        self.leave()
        self._record = record
        letters, heads, owner = self._letters, self._letterheads, record.owner

        self._tools.lanes.read(
            lambda: read_begun(letters, heads, owner, kind, rid),
            self._begun,
            self._failed,
            key="letter.begin",
        )

    def _begun(self, begun: Begun | None) -> None:
        record, speaking = self._record, self._speak()
        if record is None:
            return
        if begun is None:
            self.refused.emit(speaking.texts.tr("This document cannot be corrected here."))
            return
        paper, older = french_paper(speaking), begun.corrected
        fields = RecordFields(record, paper)
        self.page = LetterPage(
            kind=begun.kind,
            record=record,
            heading=begun.heading,
            paper=paper,
            corrected=older.made if older else "",
        )
        self._templates = begun.templates
        self._inserted = fields.fill(begun.templates[0].body)
        name = full_name(record.identity, speaking.today)
        spec = letter_form(
            speaking.texts,
            LetterAsk(
                kind=begun.kind,
                templates=begun.templates,
                key=f"{SLOT}:{_REPLACES}{older.id}" if older else f"{SLOT}:{begun.kind}",
                about=f"{name}, {born_words(record.identity, speaking)}",
                today=speaking.today,
                body=self._inserted,
                colleagues=begun.colleagues,
                ald=bool(record.strip.ald),
                values=older.answers if older else {},
            ),
        )
        said = LetterEntry(
            speaking.texts, begun.kind, record.owner, speaking.today, older.id if older else ""
        )
        self.entry = self._entry_of(spec, said, self.page)
        self.ready.emit()
        self.entry.look_for_draft()
        self._preview()

    def _entry_of(
        self, spec: FormSpec, said: LetterEntry, page: LetterPage
    ) -> "EntryModel[Signing]":
        def parse(answers: Answers) -> Signing:
            command = structs.replace(said.parse(answers), answers=dict(answers))
            return Signing(command, page.sheet(answers))

        entry: EntryModel[Signing] = EntryModel(
            spec=spec,
            owner=page.record.owner,
            parse=parse,
            write=self._sign,
            tools=self._tools,
            paths=PATHS,
            parent=self,
        )
        entry.changed.connect(self._soon)
        entry.saved.connect(self._saved)
        return entry

    def leave(self) -> None:
        """Another page: what was typed is kept as a draft."""
        entry = self._drop()
        if entry is not None:
            entry.leave()
            entry.deleteLater()

    def stop(self) -> None:
        """The session is being locked: what was typed is kept, and where."""
        entry = self._drop()
        if entry is not None:
            entry.keep_draft()

    def _drop(self) -> "EntryModel[Signing] | None":
        entry, self.entry, self.page, self._record = self.entry, None, None, None
        self._timer.stop()
        return entry

    # -- writing --------------------------------------------------------------

    def edit(self, field: str, text: str) -> None:
        """A field changed; another template is filled in where the text is still the last one's."""
        entry = self.entry
        if entry is None or self.page is None:
            return
        entry.edit(field, text)
        if field == "template":
            self._change_template(entry, self.page, text)
        self._soon()

    def _change_template(self, entry: "EntryModel[Signing]", page: LetterPage, code: str) -> None:
        chosen = self.template(code)
        field = text_field(page.kind)
        if chosen is None:
            return
        if entry.state.values.get(field, "").strip() not in {"", self._inserted.strip()}:
            tr = self._speak().texts.tr
            self.refused.emit(tr("You changed the text: empty it to use another template."))
            return
        self._inserted = RecordFields(page.record, page.paper).fill(chosen.body)
        entry.fill({field: self._inserted})

    def template(self, code: str) -> LetterTemplate | None:
        return next((one for one in self._templates if one.code == code), None)

    def submit(self) -> None:
        """Ctrl+Enter: one act."""
        if self.entry is not None:
            self.entry.submit()

    def _sign(self, signing: Signing) -> Written:
        """Write lane: the page is made from the very answers that are signed."""
        pdf = render(signing.sheet, self._family)
        text = plain_text(signing.sheet)
        self._written = self._letters.sign(structs.replace(signing.command, pdf=pdf, text=text))
        return self._written[0]

    @Slot(object)
    def _saved(self, _written: Written) -> None:
        entry = self._drop()
        if entry is not None:
            entry.deleteLater()
        self.signed.emit(self._written)

    # -- templates ------------------------------------------------------------

    def keep_as_template(self) -> None:
        """A form for the present text as a template, what was inserted given back as fields."""
        entry, page = self.entry, self.page
        if entry is None or page is None:
            return
        code = entry.state.values.get("template", "")
        chosen = self.template(code) or self._templates[0]
        text = entry.state.values.get(text_field(page.kind), "")
        self.template_ready.emit(
            template_entry(
                text, chosen, page, self._letters, self._tools, (self._speak(), entry.spec.about)
            )
        )

    def drop_template(self) -> None:
        """Throw away the template that is chosen, one's own only."""
        chosen = self.template(self.entry.state.values.get("template", "")) if self.entry else None
        letters = self._letters
        if chosen is not None and chosen.own:
            code = chosen.code
            self._tools.lanes.write(lambda: letters.drop_template(code), self._dropped)

    def _dropped(self, _nothing: None) -> None:
        self.reopen()

    def reopen(self) -> None:
        """The same letter with the templates as they now are; what was typed is its draft."""
        page, entry = self.page, self.entry
        if page is None or entry is None:
            return
        record, slot = page.record, entry.slot
        self.resume(slot, record)

    # -- the page -------------------------------------------------------------

    @Slot()
    def _soon(self) -> None:
        self._timer.start()

    @Slot()
    def _preview(self) -> None:
        page, entry, family = self.page, self.entry, self._family
        if page is None or entry is None:
            return
        sheet = page.sheet(entry.state.values)
        lanes = self._tools.lanes
        lanes.blobs(lambda: render(sheet, family), self._rendered, self._failed, "letter.page")

    def _rendered(self, pdf: bytes) -> None:
        if self.entry is not None:
            self.rendered.emit(pdf)

    def _failed(self, error: DossierError) -> None:
        self.refused.emit(error_sentence(self._speak().texts, error))

"""Letters, certificates and orders: signing one is one act, with its document and what it orders.

The page is made by who shows it; this service files its bytes and its words. A correction is a new version
that replaces the old one; an error is marked with its reason; nothing is taken away.
"""

from typing import Final

import msgspec
from msgspec import Struct, structs

from dossier.errors import Invalid, Issue, NotPrinted
from dossier.fhir import documents, orders
from dossier.fhir.elements import LOINC, Coding
from dossier.fhir.orders import NewOrder, Ordered
from dossier.terminology.catalogue import Terminology
from dossier.terminology.letters import KINDS, LetterKind, LetterPack, LetterTemplate
from dossier.terminology.reading import fold
from dossier.wire import codec
from practitioner_app.ports import CurrentRow, RecordReader, Settings
from practitioner_app.services.writing import Target, Writer, Written, require

_TYPE: Final = "DocumentReference"
_ORDER: Final = "ServiceRequest"
OWN_TEMPLATES: Final = "letters.templates"
"""The setting that holds a person's own templates."""


class OrderLine(Struct, frozen=True, kw_only=True):
    """One line of an order, as typed."""

    label: str
    reason: str = ""
    expected: str = ""
    urgent: bool = False


class SignLetter(Struct, frozen=True, kw_only=True):
    """What a person signs. `at`: the day of care. `replaces`: the id of the document it corrects."""

    owner: int
    kind: LetterKind
    title: str
    at: str
    pdf: bytes = b""
    text: str = ""
    lines: tuple[OrderLine, ...] = ()
    answers: dict[str, str] = {}
    """What was asked and answered, for a later correction."""
    replaces: str = ""


class SignedLetter(Struct, frozen=True, kw_only=True):
    """A letter as it was signed, to be corrected. `made`: when, as claimed."""

    id: str
    kind: LetterKind
    answers: dict[str, str]
    made: str


class SignedPage(Struct, frozen=True, kw_only=True):
    """A page to be printed. `kind` names nobody; `title` may."""

    owner: int
    title: str
    kind: str
    pdf: bytes


class MarkLetterErroneous(Struct, frozen=True, kw_only=True):
    owner: int
    id: str
    reason: str


class LetterService:
    """`sign`, `mark_erroneous`, `keep_template`, `drop_template`: write lane. The rest: read lane.

    Raises Invalid (path, rule), Unavailable, Refused in continuity mode, StoreError kin.
    """

    def __init__(
        self,
        reader: RecordReader,
        writer: Writer,
        terms: Terminology,
        pack: LetterPack,
        settings: Settings,
    ) -> None:
        self._reader, self._writer, self._terms = reader, writer, terms
        self._pack, self._settings = pack, settings

    # -- signing --------------------------------------------------------------

    def sign(self, command: SignLetter) -> tuple[Written, ...]:
        """The document, then its orders, which wait for it, then the end of the version it replaces. To be
        called inside `DraftService.finish`, which makes them durable together.
        """
        writer = self._writer
        require(command.text, "DocumentReference.content")
        older = self._older(command)
        patient, signature = writer.patient_reference(command.owner), writer.signature()
        rid, kind = writer.new_id(), self._coding(command.kind)
        asked = [(writer.new_id(), self._order(line, kind, rid)) for line in command.lines]
        body = documents.build(
            documents.NewDocument(
                type=kind,
                title=command.title,
                pdf=command.pdf,
                text=command.text,
                at=command.at,
                related=tuple(f"{_ORDER}/{one}" for one, _ in asked),
                replaces=command.replaces,
                answers=command.answers,
            ),
            rid=rid,
            patient=patient,
            signature=signature,
        )
        written = [writer.create(command.owner, body)]
        for one, said in asked:
            order = orders.build(said, rid=one, patient=patient, signature=signature)
            written.append(writer.create(command.owner, order, depends_on=written[0].op_id))
        if older is not None:
            after = documents.superseded(codec.resource(older.body))
            written.append(writer.change(older, after))
            why = "Remplacé par une nouvelle version"
            written += self._give_up_orders(command.owner, older, why)
        return tuple(written)

    def signed(self, owner: int, rid: str) -> SignedLetter | None:
        """A letter of this program that may be corrected; None for any other document."""
        row = self._reader.resource(owner, _TYPE, rid)
        if row is None:
            return None
        document, answers = documents.decode(row.body), documents.answers_of(row.body)
        kind = KINDS.get(document.type_code)
        is_mine = document.author == self._writer.actor.reference
        if kind is None or not answers or document.status != "current" or not is_mine:
            return None
        return SignedLetter(id=rid, kind=kind, answers=answers, made=document.made)

    def page(self, owner: int, rid: str) -> SignedPage:
        """The signed page of a document of this patient. Raises NotPrinted(`no_page`) where it carries none."""
        row = self._reader.resource(owner, _TYPE, rid)
        pdf = documents.pdf_of(row.body) if row is not None and row.owner == owner else b""
        if row is None or not pdf:
            raise NotPrinted("no_page")
        document = documents.decode(row.body)
        return SignedPage(owner=owner, title=document.title, kind=document.type_label, pdf=pdf)

    def mark_erroneous(self, command: MarkLetterErroneous) -> Written:
        """The document stays listed, struck through, with the reason; what it ordered is awaited no more."""
        reason = require(command.reason, "reason")
        row = self._writer.row(Target(command.owner, _TYPE, command.id))
        document = documents.decode(row.body)
        if document.type_code not in KINDS:
            raise Invalid((Issue("DocumentReference.type", "not_a_letter"),))
        if document.author != self._writer.actor.reference:
            raise Invalid((Issue("DocumentReference.author", "not_author"),))
        after = documents.entered_in_error(
            codec.resource(row.body), reason=reason, signature=self._writer.signature()
        )
        written = self._writer.change(row, after, reason=reason)
        self._give_up_orders(command.owner, row, reason)
        return written

    def _older(self, command: SignLetter) -> CurrentRow | None:
        if not command.replaces:
            return None
        row = self._writer.row(Target(command.owner, _TYPE, command.replaces))
        if documents.decode(row.body).status != "current":
            raise Invalid((Issue("DocumentReference.status", "not_current"),))
        return row

    def _give_up_orders(self, owner: int, document: CurrentRow, reason: str) -> list[Written]:
        written = []
        for rid in documents.ordered_by(document.body):
            row = self._reader.resource(owner, _ORDER, rid)
            if row is not None and orders.decode(row.body).status is Ordered.ACTIVE:
                body = codec.resource(row.body)
                signature = self._writer.signature()
                after = orders.ended(body, Ordered.REVOKED, note=reason, signature=signature)
                written.append(self._writer.change(row, after, reason=reason))
        return written

    def _order(self, line: OrderLine, kind: Coding, requisition: str) -> NewOrder:
        return NewOrder(
            label=require(line.label, "ServiceRequest.code"),
            kind=kind,
            code=self._examination(line.label),
            reason=line.reason,
            expected=line.expected,
            urgent=line.urgent,
            requisition=requisition,
        )

    def _coding(self, kind: LetterKind) -> Coding:
        known = self._terms.document_types.get(kind.document_type)
        if known is None:
            return Coding(code=kind.document_type)
        return Coding(system=known.system, code=known.code, display=known.fr)

    def _examination(self, label: str) -> Coding | None:
        """The examination a line names exactly, or that alone answers to its words."""
        wanted = fold(label)
        for one in self._terms.analyte_list.entries:
            if wanted in (fold(one.fr), fold(one.en), fold(one.key)):
                return Coding(system=LOINC, code=one.code, display=one.fr)
        found = self._terms.analytes(label, 2)
        if wanted and len(found) == 1:
            return Coding(system=LOINC, code=found[0].code, display=found[0].fr)
        return None

    # -- templates ------------------------------------------------------------

    def templates(self, kind: LetterKind) -> tuple[LetterTemplate, ...]:
        """Of the pack, then one's own."""
        return (*self._pack.of(kind), *(one for one in self._own() if one.kind is kind))

    def keep_template(self, template: LetterTemplate) -> LetterTemplate:
        """A new one, or another wording of one's own; those of the pack are copied, never changed."""
        name = require(template.fr, "template.name")
        require(template.body, "template.body")
        code = template.code if template.own else self._writer.new_id()
        kept = structs.replace(
            template, code=code, fr=name, en="", body=template.body.strip(), own=True
        )
        others = [one for one in self._own() if one.code != code]
        self._put([*others, kept])
        return kept

    def drop_template(self, code: str) -> None:
        """Throw away one of one's own."""
        self._put([one for one in self._own() if one.code != code])

    def _own(self) -> tuple[LetterTemplate, ...]:
        text = self._settings.get(OWN_TEMPLATES)
        try:
            return msgspec.json.decode(text, type=tuple[LetterTemplate, ...]) if text else ()
        except msgspec.DecodeError:
            return ()

    def _put(self, templates: list[LetterTemplate]) -> None:
        self._settings.put(OWN_TEMPLATES, msgspec.json.encode(templates).decode())

"""The printed prescription: header, patient with weight, two zones when a long-term condition is known, the number of
lines in letters, the secured form where a substance needs it. Everything on paper is in French.

Source: the mentions of a prescription in the public health code; the two-zone form; every word of a line is the
sentence of its structure (HZ-13). A line that still misses its reason is not printable.
"""

from decimal import Decimal

from msgspec import Struct

from dossier.fhir.prescriptions import Zone as Kind
from dossier.terminology.drug_search import amount_of
from dossier.terminology.numerals import in_letters as number_in_letters
from dossier.terminology.units import counted_in_letters
from practitioner_app.services.letterheads import Heading
from practitioner_app.services.prescription_checks import Checked, LineCheck, Trouble
from practitioner_app.services.prescription_draft import Draft, DraftLine
from practitioner_app.services.rows import Record
from ui.formats import parse_clinical
from ui.paper.heads import Paper, in_letters
from ui.paper.sheet import Block, Line, Paragraph, PatientBlock, Sheet, Zone
from ui.prescriptions.presenter import ZONE_HEADS, mention_words

KIND = "Ordonnance"
_INSURER = (
    "Personne ne peut exiger ces informations de vous pour un contrat, une assurance ou un emploi."
)
_SECURED = "Ordonnance sécurisée : doses et durées en toutes lettres."
_EMERGENCY = "Urgence : 15 ou 112 (114 par SMS)."


class PrescriptionPage(Struct, frozen=True, kw_only=True):
    """What every page of one draft is made with."""

    record: Record
    heading: Heading
    paper: Paper

    def sheet(self, draft: Draft, checked: Checked) -> Sheet:
        """The page of a draft, finished or not."""
        paper, heading = self.paper, self.heading
        printable = [
            line for line in draft.printed if Trouble.ALLERGY not in checked.of(line.key).troubles
        ]
        return Sheet(
            kind=KIND,
            letterhead=paper.letterhead(heading),
            patient=self._patient(checked),
            dated=paper.dated(heading),
            mention=self._mention(draft),
            blocks=self._blocks(draft, checked),
            closing=self._closing(len(printable), checked),
            signer=heading.writer.name,
            insurer=_INSURER,
        )

    def _patient(self, checked: Checked) -> PatientBlock:
        """With the weight that was counted with, where the draft or the record has one."""
        weight = checked.weight
        if not weight.child or weight.value is None:
            return self.paper.patient(self.record.identity, self.record.strip)
        block = self.paper.patient(self.record.identity)
        formats = self.paper.speaking.formats
        said = f"Poids\u00a0: {formats.number(weight.value)}\u00a0kg ({formats.day(weight.day)})"
        return PatientBlock(name=block.name, lines=(*block.lines, said), foot=block.foot)

    def _mention(self, draft: Draft) -> str:
        if not draft.replaces:
            return ""
        found = parse_clinical(draft.replaces_day, self.paper.speaking.formats.zone)
        day = found.exact if found is not None else None
        when = f" du {in_letters(day, self.paper.texts)}" if day is not None else ""
        return f"Annule et remplace l’ordonnance{when}."

    def _blocks(self, draft: Draft, checked: Checked) -> tuple[Block, ...]:
        lines = draft.printed
        blocks: list[Block] = [Paragraph(_SECURED, strong=True)] if checked.secured else []
        if not checked.ald:
            return (*blocks, *(self._line(draft, line, checked) for line in lines))
        for kind in Kind:
            title, about = ZONE_HEADS[kind]
            inside = tuple(self._line(draft, one, checked) for one in lines if one.zone is kind)
            blocks.append(Zone(about, title, inside))
        return tuple(blocks)

    def _line(self, draft: Draft, line: DraftLine, checked: Checked) -> Line:
        check = checked.of(line.key)
        number = f"{draft.number(line.key)}."
        if Trouble.ALLERGY in check.troubles:
            return Line(number, "ligne non imprimable : motif à indiquer", quiet=True)
        secured = check.rule is not None and check.rule.secured
        head = ", ".join(part for part in (self._drug(line, secured=secured), line.form) if part)
        return Line(number, head, tuple(self._rest(line, check, secured=secured)))

    def _drug(self, line: DraftLine, *, secured: bool) -> str:
        """`metformine 1 000 mg`; the strength of a secured line in letters."""
        strength = self.paper.speaking.formats.in_text(line.strength)
        if secured:
            number, unit = amount_of(line.strength)
            if number is not None:
                strength = counted_in_letters(Decimal(number), unit)
        return " ".join(part for part in (line.substance, strength) if part)

    def _rest(self, line: DraftLine, check: LineCheck, *, secured: bool) -> list[str]:
        posology, quantity = line.posology, line.quantity
        said = posology.letters() if secured else posology.words()
        parts = [f"{said[:1].upper()}{said[1:]}" if secured else said]
        if quantity is not None:
            parts.append(f"QSP {quantity.letters() if secured else quantity.words()}")
        if line.renewals:
            count = number_in_letters(line.renewals, feminine=True) if secured else line.renewals
            parts.append(f"à renouveler {count} fois")
        found = [f"{parts[0]}. {', '.join(parts[1:])}" if parts[1:] else parts[0]]
        if line.brand:
            found.append(line.brand)
        if line.mention:
            found.append(mention_words(line.mention))
        if check.rule is not None and check.rule.fraction_days:
            days = number_in_letters(check.rule.fraction_days)
            found.append(f"Délivrance fractionnée par périodes de {days} jours")
        return found

    def _closing(self, lines: int, checked: Checked) -> tuple[str, ...]:
        count = number_in_letters(lines)
        said = f"Nombre de lignes : {count}"
        if checked.secured:
            said = f"Nombre de lignes : [ {count} ]"
        phone = self.heading.house.telephone or self.heading.writer.telephone
        problem = f"En cas de problème : {phone}." if phone else ""
        return tuple(part for part in (said, problem, _EMERGENCY) if part)

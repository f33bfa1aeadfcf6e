"""From the answers of the form to the page. Everything on it is in French."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from dossier.fhir.patients import Sex
from dossier.terminology.letters import LetterKind
from practitioner_app.services.letterheads import Heading
from practitioner_app.services.rows import Record
from ui.letters.dates import read_day
from ui.paper.heads import Paper, in_letters
from ui.paper.sheet import Block, Line, Paragraph, Sheet, Zone

INSURER = (
    "Personne ne peut exiger ces informations de vous pour un contrat, une assurance ou un emploi."
)
TITLES = {
    LetterKind.REFERRAL: "Courrier d’adressage",
    LetterKind.CERTIFICATE: "Certificat médical",
    LetterKind.SICK_LEAVE: "Arrêt de travail (copie d’information)",
    LetterKind.LABORATORY: "Ordonnance de biologie",
    LetterKind.IMAGING: "Demande d’imagerie",
    LetterKind.PHYSIOTHERAPY: "Ordonnance de kinésithérapie",
    LetterKind.NURSING: "Ordonnance de soins infirmiers",
}
OUTINGS = {
    "free": "Sorties autorisées sans restriction d’horaire.",
    "hours": "Sorties autorisées, présence au domicile de 9 h à 11 h et de 14 h à 16 h.",
    "none": "Sorties non autorisées.",
}
_ALD = (
    "Prescriptions relatives au traitement de l’affection de longue durée reconnue (liste ou hors liste)",
    "AFFECTION EXONÉRANTE",
)
_OTHER = (
    "Prescriptions SANS RAPPORT avec l’affection de longue durée",
    "MALADIES INTERCURRENTES",
)
_HANDED = {Sex.FEMALE: "l’intéressée", Sex.MALE: "l’intéressé"}


class LetterPage(Struct, frozen=True, kw_only=True):
    """What every page of one letter is made with."""

    kind: LetterKind
    record: Record
    heading: Heading
    paper: Paper
    corrected: str = ""
    """The date of the version this one replaces, as FHIR has it."""

    def sheet(self, answers: Mapping[str, str]) -> Sheet:
        """The page of these answers, finished or not."""
        paper, kind = self.paper, self.kind
        to = tuple(line.strip() for line in answers.get("to", "").split(",") if line.strip())
        return Sheet(
            kind=TITLES[kind],
            letterhead=paper.letterhead(self.heading),
            patient=paper.patient(self.record.identity),
            dated=paper.dated(self.heading),
            mention=self._mention(),
            to=to if kind is LetterKind.REFERRAL else (),
            title="" if kind is LetterKind.REFERRAL else TITLES[kind],
            blocks=self._blocks(answers),
            signer=self.heading.writer.name,
            insurer=INSURER,
        )

    def _mention(self) -> str:
        day = read_day(self.corrected[:10])
        return (
            f"Annule et remplace la version du {in_letters(day, self.paper.texts)}." if day else ""
        )

    def _blocks(self, answers: Mapping[str, str]) -> tuple[Block, ...]:
        if self.kind.orders:
            return self._order(answers)
        if self.kind is LetterKind.SICK_LEAVE:
            return self._leave(answers)
        blocks: list[Block] = []
        if self.kind is LetterKind.REFERRAL and answers.get("object", "").strip():
            blocks.append(Paragraph(f"Objet : {answers['object'].strip()}", strong=True))
        parts = answers.get("body", "").replace("\r", "").split("\n\n")
        blocks += [Paragraph(part.strip("\n")) for part in parts if part.strip()]
        if self.kind is LetterKind.CERTIFICATE:
            who = _HANDED.get(self.record.identity.sex, "l’intéressé(e)")
            blocks.append(
                Paragraph(f"Certificat établi à la demande de {who} et remis en main propre.")
            )
        return tuple(blocks)

    def _order(self, answers: Mapping[str, str]) -> tuple[Block, ...]:
        """Numbered lines, in the two zones where the patient has a long-term condition."""
        said = [line.strip() for line in answers.get("lines", "").splitlines() if line.strip()]
        numbered = tuple(Line(f"{number}.", line) for number, line in enumerate(said, 1))
        blocks: list[Block] = []
        if answers.get("urgent") == "yes":
            blocks.append(Paragraph("URGENT", strong=True))
        if self.record.strip.ald:
            is_ald = answers.get("ald") == "yes"
            blocks.append(Zone(*_ALD, numbered if is_ald else ()))
            blocks.append(Zone(*_OTHER, () if is_ald else numbered))
        else:
            blocks += numbered
        if reason := answers.get("reason", "").strip():
            blocks.append(Paragraph(f"Renseignements cliniques : {reason}"))
        return tuple(blocks)

    def _leave(self, answers: Mapping[str, str]) -> tuple[Block, ...]:
        first, last = read_day(answers.get("first", "")), read_day(answers.get("last", ""))
        texts = self.paper.texts
        kind = "Prolongation" if answers.get("renewed") == "yes" else "Arrêt initial"
        lines = [f"{kind}."]
        if first and last:
            days = (last - first).days + 1
            lines.append(
                f"Du {in_letters(first, texts)} au {in_letters(last, texts)} inclus, soit "
                f"{days} {'jour' if days == 1 else 'jours'}."
            )
        lines.append(OUTINGS.get(answers.get("outings", ""), OUTINGS["free"]))
        if note := answers.get("body", "").strip():
            lines.append(note)
        return (
            *(Paragraph(line) for line in lines),
            Paragraph(
                "Copie d’information, sans valeur d’avis d’arrêt de travail : seul le formulaire officiel, "
                "établi par ailleurs, est adressé à l’assurance maladie et à l’employeur.",
                strong=True,
            ),
        )


def expected_day(answers: Mapping[str, str]) -> date | None:
    """The day by which an answer is expected; None when none is."""
    return read_day(answers.get("expected", ""))

"""What can be written, for the registry of commands."""

from dossier.terminology.letters import LetterKind
from ui.commands import Command
from ui.i18n import Texts
from ui.letters.forms import kind_title

COMMAND = "letter_"
_KEYS = {LetterKind.REFERRAL: "Alt+L", LetterKind.LABORATORY: "Alt+B"}


def commands(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    words = {
        LetterKind.REFERRAL: tr("letter to a colleague, specialist, emergency"),
        LetterKind.CERTIFICATE: tr("certificate, sport, school, child"),
        LetterKind.SICK_LEAVE: tr("sick leave, work"),
        LetterKind.LABORATORY: tr("blood test, laboratory, biology"),
        LetterKind.IMAGING: tr("radiography, ultrasound, scanner, MRI"),
        LetterKind.PHYSIOTHERAPY: tr("physiotherapist, rehabilitation"),
        LetterKind.NURSING: tr("nurse, dressing, injection"),
    }
    written = tuple(
        Command(
            key=COMMAND + kind,
            title=tr("Write: {what}", what=kind_title(texts, kind)),
            group=tr("In the record"),
            shortcut=_KEYS.get(kind, ""),
            words=words[kind],
            needs_patient=True,
        )
        for kind in LetterKind
    )
    printed = Command(
        key="print",
        title=tr("Print the document"),
        group=tr("In the record"),
        shortcut="Ctrl+P",
        words=tr("printer, paper"),
        needs_patient=True,
    )
    return (*written, printed)

"""Naming a drug, then its posology: what is typed, what was found, what was chosen. Nothing is added by itself."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from dossier.errors import DossierError
from dossier.fhir.prescriptions import Zone
from dossier.terminology.drug_search import DrugChoice
from dossier.terminology.posology_reading import split_line
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.drugs import DrugService
from practitioner_app.services.prescription_draft import free_line, line_of
from ui.prescriptions.presenter import FREE, entry_line
from ui.prescriptions.state import EntryLine
from ui.speaking import Speaking


class DrugEntry(QObject):
    """`added` gives the new line (DraftLine)."""

    changed = Signal()
    added = Signal(object)

    def __init__(
        self,
        drugs: DrugService,
        lanes: Lanes,
        failed: Callable[[DossierError], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._drugs, self._lanes, self._failed = drugs, lanes, failed
        self._typed = ""
        self._chosen: DrugChoice | None = None
        self._found: tuple[DrugChoice, ...] = ()

    def state(self, speaking: Speaking) -> EntryLine:
        """What stands under the input."""
        posology = self._typed if self._chosen is not None else split_line(self._typed)[1]
        return entry_line(self._typed, posology, self._chosen, self._found, speaking)

    def forget(self) -> None:
        """Nothing is being typed."""
        self._typed, self._chosen, self._found = "", None, ()

    def type(self, text: str) -> None:
        """Words under the fingers: a drug first, then its posology."""
        self._typed = text
        name, _ = split_line(text)
        if self._chosen is None and name:
            drugs = self._drugs
            ask = "prescription.drug"
            self._lanes.read(lambda: (text, drugs.search(name)), self._matched, self._failed, ask)
            return
        if self._chosen is None:
            self._found = ()
        self.changed.emit()

    def _matched(self, answer: tuple[str, tuple[DrugChoice, ...]]) -> None:
        if answer[0] == self._typed and self._chosen is None:
            self._found = answer[1]
            self.changed.emit()

    def pick(self, key: str) -> bool:
        """A line of the list: the drug stands, its posology is what comes next. True when the line is added."""
        _, posology = split_line(self._typed)
        if key == FREE:
            return self._add(None, posology)
        place = int(key)
        if not 0 <= place < len(self._found):
            return False
        self._chosen = self._found[place]
        if posology:
            return self._add(self._chosen, posology)
        self._typed = ""
        self.changed.emit()
        return False

    def unpick(self) -> bool:
        """Another drug; False when none was chosen."""
        had = self._chosen is not None
        self.forget()
        self.changed.emit()
        return had

    def enter(self) -> bool:
        """Enter in the input: the line is added once its drug is chosen."""
        if self._chosen is not None:
            return self._add(self._chosen, self._typed)
        if self._found:
            return self.pick("0")
        return self.pick(FREE) if self._typed.strip() else False

    def _add(self, choice: DrugChoice | None, posology: str) -> bool:
        typed, zone = self._typed, Zone.OTHER
        line = (
            free_line(typed, zone=zone) if choice is None else line_of(choice, posology, zone=zone)
        )
        self.forget()
        self.added.emit(line)
        return True

"""The card of the settings that says which drugs can be searched, and imports others."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from ui.settings.drugs_model import DrugsState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button
from ui.widgets.card import Card, row
from ui.widgets.text import PlainLabel


class DrugsCard(Card):
    """Emits what is asked; the state says what can be."""

    shown = Signal()
    folder_asked = Signal()
    archive_asked = Signal()
    drop_asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, look.tr("Drugs that can be searched"), pad=16, parent=parent)
        self.body.setSpacing(8)
        self._first = PlainLabel(look, weight=Weight.MEDIUM, wrap=True)
        self._second = PlainLabel(look, colour="muted", wrap=True)
        self._problem = PlainLabel(look, weight=Weight.SEMIBOLD, colour="warn", wrap=True)
        about = look.tr(
            "The files CIS_bdpm.txt, CIS_COMPO_bdpm.txt, CIS_CIP_bdpm.txt and CIS_GENER_bdpm.txt, "
            "as the State publishes them."
        )
        self.folder = Button(look, look.tr("Import a folder"))
        self.archive = Button(look, look.tr("Import an archive (zip)"))
        self.drop = Button(look, look.tr("Back to the short list"))
        self.folder.clicked.connect(self.folder_asked)
        self.archive.clicked.connect(self.archive_asked)
        self.drop.clicked.connect(self.drop_asked)
        for label in (self._first, self._second, self._problem):
            self.body.addWidget(label)
        self.body.addWidget(PlainLabel(look, about, size=Size.LABEL, colour="muted", wrap=True))
        self.body.addLayout(row(self.folder, self.archive, self.drop, 1, spacing=10))
        self.show_state(DrugsState())

    def show_state(self, state: DrugsState) -> None:
        texts = self._look.texts
        said = state.sentences
        self._first.setText(said[0] if said else "")
        second = texts.tr("Reading the files…") if state.busy else " ".join(said[1:])
        self._second.setText(second)
        self._second.setVisible(bool(second))
        self._problem.setText(state.problem)
        self._problem.setVisible(bool(state.problem))
        for button in (self.folder, self.archive):
            button.setEnabled(not state.busy)
        self.drop.setVisible(state.imported)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

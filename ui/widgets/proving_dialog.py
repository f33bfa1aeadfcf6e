"""A question that says what an act does, answered by who shows who they are: here, or in their own browser."""

from typing import NamedTuple

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.browser_way import BrowserWay
from ui.widgets.button import Button, Kind
from ui.widgets.card import column, row
from ui.widgets.form import LineField
from ui.widgets.text import PlainLabel


class QuestionWords(NamedTuple):
    """What an act is, what it does, the word of its button, and the word of the other."""

    title: str
    sentence: str
    act: str
    other: str


class ProvingDialog(QDialog):
    """`agreed`: password and six digits, both "" unless `needs_proof`; nothing typed is kept. `by_browser`: the server
    has pages of its own.
    """

    agreed = Signal(str, str)
    browser_asked = Signal()

    def __init__(
        self,
        look: Look,
        words: QuestionWords,
        *,
        needs_proof: bool,
        by_browser: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look, self._awaited = look, False
        has_way = needs_proof and by_browser
        self.setModal(True)
        self.setWindowTitle("Colloque")
        self.setAccessibleName(words.title)
        self.setMinimumWidth(560 if has_way else 480)
        stack = self._stack = column(12, (24, 20, 24, 20))
        stack.addWidget(
            PlainLabel(look, words.title, size=Size.SECTION, weight=Weight.BOLD, wrap=True)
        )
        stack.addWidget(PlainLabel(look, words.sentence, wrap=True))
        self._problem = PlainLabel(look, "", colour="warn", weight=Weight.MEDIUM, wrap=True)
        stack.addWidget(self._problem)
        self._fields = _fields(look) if needs_proof else ()
        for field in self._fields:
            field.edit.returnPressed.connect(self._answer)
            stack.addWidget(field)
        self._way: BrowserWay | None = None
        if has_way:
            self._way = BrowserWay(look, *self._words())
            self._way.asked.connect(self.browser_asked)
            stack.addWidget(self._way)
        other = Button(look, words.other, key=look.tr("Esc"))
        other.clicked.connect(self.reject)
        self._go = Button(look, words.act, kind=Kind.PRIMARY)
        self._go.clicked.connect(self._answer)
        stack.addSpacing(4)
        stack.addLayout(row(1, other, self._go))
        self.setLayout(stack)
        self.say("")
        (self._fields[0].edit if self._fields else other).setFocus()

    def say(self, problem: str) -> None:
        """Why it did not go on; "" for nothing."""
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._fit()

    def await_browser(self, *, awaited: bool) -> None:
        """While the browser is awaited nothing is typed here."""
        self._awaited = awaited
        for widget in (*self._fields, self._go):
            widget.setEnabled(not awaited)
        if self._way is not None:
            self._way.show_words(*self._words())
        self._fit()

    def _fit(self) -> None:
        """As high as its wrapped sentences need; a window asks its layout for that only once."""
        self._stack.activate()
        width = self.width() if self.isVisible() else self.minimumWidth()
        self.setMinimumHeight(self._stack.totalHeightForWidth(width))

    def _words(self) -> tuple[str, str]:
        tr = self._look.tr
        if self._awaited:
            return tr("Wait no more"), tr(
                "Your browser shows the page of your server: sign in there, then come back here."
            )
        return tr("Sign in with the browser"), tr(
            "With a passkey or Pro Santé Connect, in the place of password and code."
        )

    @Slot()
    def _answer(self) -> None:
        typed = [field.edit.text() for field in self._fields]
        if not all(typed):
            next(field for field in self._fields if not field.edit.text()).edit.setFocus()
            return
        for field in self._fields:
            field.edit.clear()
        password, proof = typed or ("", "")
        self.accept()
        self.agreed.emit(password, "".join(proof.split()))


def _fields(look: Look) -> tuple[LineField, ...]:
    tr = look.tr
    hint = tr("From your authenticator; it changes every 30 seconds and serves once.")
    return (
        LineField(look, tr("Password"), secret=True, limit=1024),
        LineField(look, tr("Six-digit code"), hint=hint, limit=16),
    )

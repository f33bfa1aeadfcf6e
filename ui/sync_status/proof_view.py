"""The one question of a session that is over: password and six digits, or the person's own browser; now or later."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.browser_way import BrowserWay
from ui.widgets.button import Button, Kind
from ui.widgets.card import column, row
from ui.widgets.proof_fields import proof_fields
from ui.widgets.text import PlainLabel


class ProofDialog(QDialog):
    """Says what goes on without an answer, too; nothing typed is kept. `by_browser`: the server has pages of its own."""

    shown = Signal(str, str)
    browser_asked = Signal()

    def __init__(
        self,
        look: Look,
        problem: str = "",
        parent: QWidget | None = None,
        *,
        by_browser: bool = False,
    ) -> None:
        super().__init__(parent)
        self._look, self._awaited = look, False
        tr = look.tr
        title = tr("Show that it is you")
        self.setModal(True)
        self.setWindowTitle("Colloque")
        self.setAccessibleName(title)
        self.setMinimumWidth(560 if by_browser else 480)
        stack = self._stack = column(12, (24, 20, 24, 20))
        stack.addWidget(PlainLabel(look, title, size=Size.SECTION, weight=Weight.BOLD, wrap=True))
        sentence = tr(
            "To send and receive, the server asks again who you are: every twelve hours, or after many records. "
            "Until then you go on working on the copy of this computer; nothing is lost."
        )
        stack.addWidget(PlainLabel(look, sentence, wrap=True))
        self._problem = PlainLabel(look, "", colour="warn", weight=Weight.MEDIUM, wrap=True)
        stack.addWidget(self._problem)
        self._fields = proof_fields(look)
        for field in self._fields:
            field.edit.returnPressed.connect(self._typed)
            stack.addWidget(field)
        self._way: BrowserWay | None = None
        if by_browser:
            self._way = BrowserWay(look, *self._words())
            self._way.asked.connect(self.browser_asked)
            stack.addWidget(self._way)
        later = Button(look, tr("Later"), key=tr("Esc"))
        later.clicked.connect(self.reject)
        self._go = Button(look, tr("Continue"), kind=Kind.PRIMARY)
        self._go.clicked.connect(self._typed)
        stack.addSpacing(4)
        stack.addLayout(row(1, later, self._go))
        self.setLayout(stack)
        self.say(problem)
        self._fields[0].edit.setFocus()

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
    def _typed(self) -> None:
        typed = [field.edit.text() for field in self._fields]
        if not all(typed):
            next(field for field in self._fields if not field.edit.text()).edit.setFocus()
            return
        for field in self._fields:
            field.edit.clear()
        password, proof = typed
        self.accept()
        self.shown.emit(password, "".join(proof.split()))

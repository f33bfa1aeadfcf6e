"""The one question of a session that is over: password and six digits, or the person's own browser; now or later."""

from PySide6.QtWidgets import QWidget

from ui.theme.look import Look
from ui.widgets.proving_dialog import ProvingDialog, QuestionWords


class ProofDialog(ProvingDialog):
    """Says what goes on without an answer, too."""

    def __init__(
        self,
        look: Look,
        problem: str = "",
        parent: QWidget | None = None,
        *,
        by_browser: bool = False,
    ) -> None:
        tr = look.tr
        words = QuestionWords(
            tr("Show that it is you"),
            tr(
                "To send and receive, the server asks again who you are: every twelve hours, or after many records. "
                "Until then you go on working on the copy of this computer; nothing is lost."
            ),
            tr("Continue"),
            tr("Later"),
        )
        super().__init__(look, words, needs_proof=True, by_browser=by_browser, parent=parent)
        self.say(problem)

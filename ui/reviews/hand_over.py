"""Handing a result over: to whom, and why. The form says whose result it is; the reason stays with it."""

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QWidget

from practitioner_app.services.colleagues import Team
from practitioner_app.services.reviews import HandOverResult
from ui.entry import EntryModel
from ui.errors import rule_sentence
from ui.forms import Answers, FieldSpec, FormSpec, Option
from ui.i18n import Texts
from ui.reviews.state import ReviewRow
from ui.theme.look import Look
from ui.widgets.card import column
from ui.widgets.form_panel import FormPanel

PATHS = {"Task.note": "reason", "Task.owner": "to"}


def hand_over_form(texts: Texts, row: ReviewRow, team: Team, *, mine: bool) -> FormSpec:
    """`mine`: it is asked of oneself; else one may take it over."""
    tr = texts.tr
    options = [
        Option(one.reference, _named(texts, one.name, one.substitute)) for one in team.doctors
    ]
    if not mine and team.me.reference:
        options.insert(0, Option(team.me.reference, tr("Myself")))
    return FormSpec(
        key=f"hand_over:{row.key}",
        title=tr("Hand over this result"),
        about=f"{row.title}, {row.born}",
        save=tr("Hand over"),
        fields=(
            FieldSpec(
                key="to", label=tr("To"), options=tuple(options), required=True, stacked=True
            ),
            FieldSpec(
                key="reason",
                label=tr("Reason"),
                hint=tr("Both of you read it beside the result."),
                required=True,
                suggestions=(tr("Your patient"), tr("I am away"), tr("Your opinion, please")),
            ),
        ),
        values={"to": options[0].key if options else ""},
    )


def _named(texts: Texts, name: str, substitute: str) -> str:
    """An absent colleague says so, with who reads meanwhile."""
    if not substitute:
        return name
    return texts.tr("{person}, replaced by {other}", person=name, other=substitute)


def command_of(row: ReviewRow, team: Team) -> Callable[[Answers], HandOverResult]:
    """What the answers of the form ask for, of this very line (HZ-01)."""
    owner, rid = row.owner or 0, row.key.partition("/")[2]

    def parse(answers: Answers) -> HandOverResult:
        to = answers.get("to", "")
        colleague = team.get(to)
        return HandOverResult(
            owner=owner,
            id=rid,
            to=to,
            to_name=colleague.name if colleague is not None else "",
            reason=answers.get("reason", ""),
        )

    return parse


class HandOverDialog(QDialog):
    """The form above the page; what was typed is kept as a draft when it is closed."""

    def __init__(
        self, look: Look, model: EntryModel[HandOverResult], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._model = look, model
        model.setParent(self)
        self.setModal(True)
        self.setWindowTitle("Colloque")
        self.setAccessibleName(model.spec.title)
        self.setMinimumSize(look.px(480), look.px(380))
        self.panel = FormPanel(look, model.spec)
        stack = column()
        stack.addWidget(self.panel)
        self.setLayout(stack)
        model.changed.connect(self._show)
        model.saved.connect(self._saved)
        self.panel.edited.connect(self._edited)
        self.panel.submitted.connect(model.submit)
        self.panel.closed.connect(self.reject)
        self._show()
        model.look_for_draft()
        self.panel.setFocus()

    @Slot()
    def reject(self) -> None:
        """Closed: what was typed stays among the drafts."""
        self._model.leave()
        super().reject()

    @Slot()
    def _show(self) -> None:
        errors = self._model.state.errors
        sentences = {key: rule_sentence(self._look.texts, rule) for key, rule in errors.items()}
        self.panel.show_entry(self._model.state, sentences)

    @Slot(object)
    def _saved(self, _written: object) -> None:
        self.accept()

    @Slot(tuple)
    def _edited(self, edit: tuple[str, str]) -> None:
        self._model.edit(*edit)

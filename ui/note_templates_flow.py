"""Ctrl+T: the list of templates beside the note, the person's own first."""

from functools import partial

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget
from shiboken6 import isValid

from dossier.errors import DossierError, Invalid
from dossier.fhir.notes import HEADINGS
from practitioner_app.services.note_templates import Template
from ui.context import SessionContext
from ui.errors import error_sentence
from ui.notes.view import NotePanel
from ui.notes.view_model import NoteModel
from ui.session_flow import SessionSurface

MENU_NAME = "note templates"


class TemplatesFlow(QObject):
    """Inserts a template, keeps the note as one, takes one out."""

    def __init__(self, session: SessionSurface, context: SessionContext) -> None:
        super().__init__(session)
        self._session, self._context = session, context
        self._kept_name = ""

    def ask(self, model: NoteModel, panel: NotePanel, beside: QWidget) -> None:
        """Show the list above the button."""
        templates, language = self._context.services.templates, self._session.look.texts.language
        show = partial(self._show_menu, model, panel, beside)
        self._context.lanes.read(lambda: templates.all(language), show, key="notes.templates")

    def _show_menu(
        self, model: NoteModel, panel: NotePanel, beside: QWidget, found: tuple[Template, ...]
    ) -> None:
        if not isValid(panel):
            return
        look, menu = self._session.look, QMenu(panel)
        menu.setObjectName(MENU_NAME)
        menu.setFont(look.font())
        for number, template in enumerate(found):
            if number and found[number - 1].own and not template.own:
                menu.addSeparator()
            action = QAction(look.texts.shown(template.name).replace("&", "&&"), menu)
            action.triggered.connect(partial(self._insert, model, panel, template))
            menu.addAction(action)
        menu.addSeparator()
        keep = QAction(look.tr("Keep this note as a template of mine"), menu)
        keep.triggered.connect(partial(self._keep, model))
        menu.addAction(keep)
        own = [one for one in found if one.own]
        if own:
            out = menu.addMenu(look.tr("Take a template of mine out"))
            for template in own:
                action = QAction(look.texts.shown(template.name).replace("&", "&&"), out)
                action.triggered.connect(partial(self._drop, template.name))
                out.addAction(action)
        menu.aboutToHide.connect(menu.deleteLater)
        above = QPoint(0, menu.sizeHint().height())
        menu.popup(beside.mapToGlobal(beside.rect().topLeft()) - above)

    def _insert(self, model: NoteModel, panel: NotePanel, template: Template, *_: bool) -> None:
        said = template.sections
        model.insert({field: getattr(said, field) for field in HEADINGS})
        panel.go_to_first_stop()

    def _keep(self, model: NoteModel, *_: bool) -> None:
        """Under the first line of its reason."""
        sections, templates = model.sections, self._context.services.templates
        name = sections.reason.strip().partition("\n")[0]
        self._kept_name = name
        self._context.lanes.write(
            lambda: templates.keep(name, sections), self._kept, self._not_kept
        )

    def _kept(self, _nothing: None) -> None:
        self._say(
            self._session.look.tr("Kept as a template of yours: {name}", name=self._kept_name)
        )

    def _drop(self, name: str, *_: bool) -> None:
        templates = self._context.services.templates
        self._context.lanes.write(lambda: templates.drop(name), failed=self._not_kept)

    def _not_kept(self, error: DossierError) -> None:
        look = self._session.look
        if isinstance(error, Invalid):
            self._say(look.tr("Write a reason first: it names the template."))
        else:
            self._say(error_sentence(look.texts, error))

    def _say(self, sentence: str) -> None:
        self._session.toast.show_sentence(sentence, undoable=False)

"""Which drugs can be searched, and importing the State's database: read and kept on the lanes, told in sentences."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, structs
from PySide6.QtCore import QObject, Signal

from dossier.errors import DossierError, Invalid
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.drugs import DrugService, DrugSource
from ui.errors import error_sentence
from ui.speaking import Speaking


class DrugsState(Struct, frozen=True, kw_only=True):
    """`sentences`: what is searched and how old it is. `problem`: why nothing was changed."""

    sentences: tuple[str, ...] = ()
    problem: str = ""
    busy: bool = False
    imported: bool = False


class DrugsModel(QObject):
    """Intents: refresh, take, drop."""

    changed = Signal()

    def __init__(
        self,
        drugs: DrugService,
        lanes: Lanes,
        speak: Callable[[], Speaking],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._drugs, self._lanes, self._speak = drugs, lanes, speak
        self.state = DrugsState()

    def refresh(self) -> None:
        self._lanes.read(self._drugs.source, self._told, self._failed, key="settings.drugs")

    def take(self, place: str) -> None:
        """Import a folder or an archive; a second request while one is read does nothing."""
        if not place or self.state.busy:
            return
        drugs, path = self._drugs, Path(place)
        self._set(structs.replace(self.state, busy=True, problem=""))
        self._lanes.write(lambda: drugs.take(path), self._told, self._failed)

    def drop(self) -> None:
        """Back to the short list."""
        self._lanes.write(self._drugs.drop, self._told, self._failed)

    def _told(self, source: DrugSource) -> None:
        speaking = self._speak()
        self._set(
            DrugsState(sentences=_sentences(source, speaking), imported=bool(source.imported))
        )

    def _failed(self, error: DossierError) -> None:
        texts = self._speak().texts
        problem = error_sentence(texts, error)
        if isinstance(error, Invalid):
            issue = error.issues[0]
            said = {
                "missing_file": texts.tr(
                    "{file} is missing. Nothing was changed.", file=issue.path
                ),
                "too_large": texts.tr(
                    "{file} is too large to be one of these files. Nothing was changed.",
                    file=issue.path,
                ),
            }
            other = texts.tr(
                "{file} is not one of these files. Nothing was changed.", file=issue.path
            )
            problem = said.get(issue.rule, other)
        self._set(structs.replace(self.state, busy=False, problem=problem))

    def _set(self, state: DrugsState) -> None:
        self.state = state
        self.changed.emit()


def _sentences(source: DrugSource, speaking: Speaking) -> tuple[str, ...]:
    texts, formats = speaking.texts, speaking.formats
    if not source.imported:
        return (
            texts.tr(
                "Only the short list of this program: {count} drugs, {day}.",
                count=source.listed,
                day=formats.day(source.list_date),
            ),
        )
    first = texts.tr(
        "Public drug database: {count} drugs, files of {published}, imported on {moment}.",
        count=formats.number(source.drugs),
        published=formats.day(source.published),
        moment=formats.moment(source.imported),
    )
    second = texts.tr("Every line of the files was read.")
    if source.wrong:
        second = texts.tr(
            "{wrong} lines of {lines} did not fit and were left out.",
            wrong=formats.number(source.wrong),
            lines=formats.number(source.lines),
        )
    return first, second

"""A proof in the person's own browser: its page is opened and awaited, or given up."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from dossier.errors import DossierError, Refused
from practitioner_app.ports import BrowserCode
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.browser_proof import BrowserProof


class BrowserProofModel(QObject):
    """`came`: what the browser brought back, once. `failed`: why nothing comes; silent when the person gave it up."""

    changed = Signal()
    came = Signal(BrowserCode)
    failed = Signal(DossierError)

    def __init__(
        self,
        proof: BrowserProof,
        lanes: Lanes,
        open_page: Callable[[str], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._proof, self._lanes, self._open_page = proof, lanes, open_page
        self._awaited = False

    @property
    def is_offered(self) -> bool:
        return self._proof.is_offered

    @property
    def is_awaited(self) -> bool:
        return self._awaited

    @Slot()
    def turn(self) -> None:
        """Open the page, in the place of one another question awaits; once it is awaited, wait no more."""
        if self._awaited:
            self.give_up()
            return
        self._proof.give_up()
        self._set(awaited=True)
        self._lanes.browser(self._proof.ask_page, self._opened, self._failed)

    @Slot()
    def give_up(self) -> None:
        """Nothing is awaited any more, whatever the browser does."""
        if self._awaited:
            self._proof.give_up()
            self._set(awaited=False)

    def _opened(self, address: str) -> None:
        if not self._awaited:
            self._proof.give_up()
        elif not self._open_page(address):
            self._proof.give_up()
            self._failed(Refused("no_browser"))
        else:
            self._lanes.browser(self._proof.wait, self._brought, self._failed)

    def _brought(self, found: BrowserCode) -> None:
        if self._awaited:
            self._set(awaited=False)
            self.came.emit(found)

    def _failed(self, error: DossierError) -> None:
        self._set(awaited=False)
        if not (isinstance(error, Refused) and error.code == "browser_given_up"):
            self.failed.emit(error)

    def _set(self, *, awaited: bool) -> None:
        self._awaited = awaited
        self.changed.emit()

"""The real desktop, composed as its entry point does, whose doctor writes allergies without a pause.

python -m tests.fakes.writing_desktop PROFILE URL PHRASE PREFIX    writes PREFIX-0, PREFIX-1... until it is killed;
                                                                   each line is an allergy that was durable before it
python -m tests.fakes.writing_desktop PROFILE URL PHRASE           writes nothing; once it rests, a line of JSON says
                                                                   what its screens show, and it ends
"""

import os
import sys
from functools import partial
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from dossier.fhir.allergies import NewAllergy, decode
from practitioner_app.bootstrap import Desktop, Options
from practitioner_app.open_session import OpenSession
from practitioner_app.services.allergies import RecordAllergy
from practitioner_app.services.writing import Written

_LOOK_MS = 20


class Shown(msgspec.Struct):
    """What the screens show: the state of each allergy by its agent, and what waits or was refused."""

    allergies: dict[str, str]
    pending: int
    refused: int


class Person(QObject):
    """Sits at the desktop: begins once the session is open."""

    def __init__(self, application: QApplication, desktop: Desktop, prefix: str) -> None:
        super().__init__(desktop)
        self._application, self._desktop, self._prefix = application, desktop, prefix
        self._written = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    @Slot()
    def _look(self) -> None:
        session = self._desktop.workstation.session
        if session is None or not session.reader.patients("", 9):
            return  # locked, or the first copy is still on its way
        if self._prefix:
            self._timer.stop()
            self._write(session)
        elif session.is_complete and not self._facts(session).pending:
            shown = self._facts(session)
            os.write(1, msgspec.json.encode(shown) + b"\n")
            self._application.exit(0)

    def _facts(self, session: OpenSession) -> Shown:
        (patient,) = session.reader.patients("", 9)
        rows = session.reader.rows(patient.owner, ("AllergyIntolerance",))
        facts = session.reader.copy_facts()
        return Shown(
            {decode(row.body).agent: row.state for row in rows}, facts.pending, facts.refused
        )

    def _write(self, session: OpenSession) -> None:
        context = session.context
        (patient,) = session.reader.patients("", 9)
        agent = f"{self._prefix}-{self._written}"
        self._written += 1
        command = RecordAllergy(owner=patient.owner, allergy=NewAllergy(agent=agent))

        def record() -> None:
            written: Written = context.services.allergies.record(command)
            assert written.rtype == "AllergyIntolerance"
            os.write(1, agent.encode() + b"\n")

        context.lanes.write(record, lambda _nothing: self._write(session))


def main() -> int:
    profile, url, phrase = sys.argv[1:4]
    application = QApplication(sys.argv[:1])
    desktop = Desktop(application, Options(profile=Path(profile), server=url, phrase=phrase))
    person = Person(application, desktop, "".join(sys.argv[4:5]))
    QTimer.singleShot(0, person, partial(desktop.begin))
    try:
        return application.exec()
    finally:
        desktop.stop()


if __name__ == "__main__":
    sys.exit(main())

"""Names of who wrote, from the directory this device holds."""

from collections.abc import Iterable
from typing import Any, Final

from dossier.errors import Invalid
from dossier.fhir import people
from practitioner_app.ports import RecordReader

_KINDS: Final = ("Practitioner/", "PractitionerRole/", "Organization/")
_KEPT: Final = 4_000


class Authors:
    """Read lane. A reference that the directory does not know stays without a name: never an id on screen."""

    def __init__(self, reader: RecordReader) -> None:
        self._reader = reader
        self._names: dict[str, str] = {}

    def learn(self, references: Iterable[str]) -> None:
        """Fetch, in one query, the names of those not known yet."""
        wanted = sorted(
            {item for item in references if item.startswith(_KINDS) and item not in self._names}
        )
        if not wanted:
            return
        if len(self._names) > _KEPT:
            self._names = {}
        for reference, body in self._reader.directory(wanted).items():
            try:
                self._names[reference] = people.decode(body).name
            except Invalid:
                self._names[reference] = ""

    def name(self, reference: str, display: str = "") -> str:
        """The directory's name, else the one written in the resource."""
        return self._names.get(reference, "") or display

    def forget(self) -> None:
        self._names = {}


def who(value: Any) -> tuple[str, str]:
    """(reference, name as written) of the author of a decoded body."""
    for reference, name in (
        ("author", "author_name"),
        ("recorder", "recorder_name"),
        ("performer", "performer_name"),
    ):
        if hasattr(value, reference):
            return getattr(value, reference), getattr(value, name)
    performers = getattr(value, "performers", ())
    return (performers[0] if performers else ""), getattr(value, "performer_name", "")

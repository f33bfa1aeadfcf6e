"""Words of a note that go back to its draft, because the note is taken out of the record again."""

from collections.abc import Callable, Mapping

from dossier.errors import DossierError
from dossier.fhir.notes import HEADINGS, Sections
from practitioner_app.services.drafts import DraftService, Slot


def put_back(
    drafts: DraftService, slot: Slot, values: Mapping[str, str], act: Callable[[], object]
) -> None:
    """The words are kept before `act` takes them out of where they are: a crash between the two leaves them
    twice rather than nowhere. What is typed there meanwhile stays below them. Write lane; raises what `act`
    raises, and the draft is then as it was.
    """
    typed = drafts.find(slot)
    both = {field: joined(values.get(field, ""), typed.get(field, "")) for field in HEADINGS}
    drafts.keep(slot, {key: said for key, said in {**values, **typed, **both}.items() if said})
    try:
        act()
    except DossierError:
        drafts.keep(slot, typed)
        raise


def joined(first: str, second: str) -> str:
    """One text, then the other on a line of its own."""
    if not second:
        return first
    return f"{first.rstrip()}\n{second}" if first.strip() else second


def values_of(sections: Sections) -> dict[str, str]:
    """What was typed, by field, without what is empty."""
    said = {field: getattr(sections, field) for field in HEADINGS}
    return {field: text for field, text in said.items() if text.strip()}

"""The versions of one document under the one that stands for them."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import structs

from dossier.fhir.documents import Document
from practitioner_app.services.decoding import Decoded
from practitioner_app.services.rows import TimelineItem


def folded(found: list[TimelineItem], decoded: Sequence[Decoded]) -> tuple[TimelineItem, ...]:
    """A document stands for the versions it replaces, and for those they replaced."""
    newer: dict[str, str] = {}
    for row, value in decoded:
        if isinstance(value, Document) and value.counts:
            newer.update((old, f"{row.rtype}/{row.id}") for old in value.replaces)
    if not newer:
        return tuple(found)
    by_reference = {f"{item.rtype}/{item.id}": item for item in found}
    older: dict[str, list[TimelineItem]] = defaultdict(list)
    for reference, item in by_reference.items():
        newest, seen = reference, {reference}
        while (above := newer.get(newest, "")) in by_reference:
            newest = reference if above in seen else above
            if above in seen:  # a circle: nobody can tell which is the newest
                break
            seen.add(above)
        if newest != reference:
            older[newest].append(item)
    under = {f"{item.rtype}/{item.id}" for items in older.values() for item in items}
    return tuple(
        structs.replace(item, versions=(*item.versions, *older.get(reference, ())))
        for reference, item in by_reference.items()
        if reference not in under
    )

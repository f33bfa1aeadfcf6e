"""A sealer that hides nothing and keeps the rules: a cell still opens only in its own place."""

from collections.abc import Sequence

from dossier.errors import SealBroken, Unavailable
from server.services.sealer import Place


class ClearSealer:
    """Plain bytes behind a mark of their place; `destroy` plays a destroyed key."""

    def __init__(self) -> None:
        self._dead: set[int] = set()

    async def seal(self, place: Place, body: bytes) -> bytes:
        self._living(place)
        return self._mark(place) + body

    async def open(self, place: Place, cell: bytes) -> bytes:
        self._living(place)
        mark = self._mark(place)
        if not cell.startswith(mark):
            raise SealBroken
        return cell[len(mark) :]

    async def open_all(self, held: Sequence[tuple[Place, bytes]]) -> list[bytes | None]:
        found: list[bytes | None] = []
        for place, cell in held:
            is_dead = (place.subject or place.owner) in self._dead
            found.append(None if is_dead else await self.open(place, cell))
        return found

    def destroy(self, subject: int) -> None:
        self._dead.add(subject)

    def _living(self, place: Place) -> None:
        if (place.subject or place.owner) in self._dead:
            raise Unavailable

    @staticmethod
    def _mark(place: Place) -> bytes:
        return hash(place).to_bytes(8, "big", signed=True)

"""MemoryKeyStore: the KeyStore port for simulations and tests of the services."""

from collections.abc import Sequence

from dossier.entropy import Entropy
from dossier.errors import Unavailable
from dossier.sealing.archiving import open_archived, seal_archived
from server.ports import NarrowRow
from server.ports.closures import ClosureRow, SealedKey

_Versions = dict[int, bytes]


class MemoryKeyStore:
    """Keys in dictionaries: never lost by a simulated crash of the store, as the real ones are not."""

    def __init__(self, entropy: Entropy, *, restore: int = 0) -> None:
        self._entropy, self._restore = entropy, restore
        self._keys: dict[tuple[int, str], _Versions] = {}
        self._secrets: dict[str, bytes] = {}
        self._narrow: dict[int, dict[str, NarrowRow]] = {}
        self.rotation = MemoryRotation(entropy, self._keys)
        self.time = MemoryReachedTime()
        self.closures = MemoryClosures(self._keys)

    async def key(self, subject: int, space: str = "record") -> tuple[int, bytes]:
        await self.prepare([subject], space)
        living = self._living(subject, space)
        return max(living.items())

    async def prepare(self, subjects: Sequence[int], space: str = "record") -> None:
        for subject in subjects:
            if (subject, space) not in self._keys:
                self._keys[subject, space] = {1: self._entropy.bytes(32)}

    async def key_at(self, subject: int, version: int, space: str = "record") -> bytes:
        key = self._living(subject, space).get(version)
        if key is None:
            raise Unavailable("no such data key")
        return key

    async def destroy(self, subject: int, space: str = "record") -> None:
        self._keys[subject, space] = {}
        self.closures.forget(subject, space)

    async def secret(self, name: str) -> bytes:
        if name not in self._secrets:
            self._secrets[name] = self._entropy.bytes(32)
        return self._secrets[name]

    async def restore_number(self) -> int:
        return self._restore

    async def begin_restore(self) -> int:
        self._restore += 1
        return self._restore

    async def narrow(self, owner: int, op_id: str, n: int, cell: bytes) -> None:
        self._narrow.setdefault(owner, {})[op_id] = NarrowRow(op_id, n, cell)

    async def narrowed(self, owner: int) -> list[NarrowRow]:
        return sorted(self._narrow.get(owner, {}).values(), key=lambda row: row.n)

    async def narrowing_owners(self, after: int, limit: int) -> list[int]:
        return sorted(owner for owner in self._narrow if owner > after)[:limit]

    async def close(self) -> None:
        self._keys.clear()
        self._secrets.clear()

    def _living(self, subject: int, space: str) -> _Versions:
        return _living(self._keys, subject, space)


class MemoryReachedTime:
    """ReachedTime in one number."""

    def __init__(self) -> None:
        self._reached_ms = 0

    async def reach(self, now_ms: int) -> int:
        self._reached_ms = max(self._reached_ms, now_ms)
        return self._reached_ms

    async def take_back(self, now_ms: int) -> None:
        self._reached_ms = now_ms


class MemoryRotation:
    """KeyRotation over those dictionaries: one ROOT, one KEK, nothing wrapped."""

    def __init__(self, entropy: Entropy, keys: dict[tuple[int, str], _Versions]) -> None:
        self._entropy, self._keys = entropy, keys
        self._kek, self._below, self._oldest = 1, 0, 1
        self._asked: set[tuple[int, str]] = set()
        self._superseded: dict[tuple[int, str], tuple[int, int]] = {}

    async def new_kek(self) -> int:
        self._kek += 1
        self._below = len(self._keys)
        return self._kek

    async def rewrap(self, limit: int) -> int:
        brought = min(limit, self._below)
        self._below -= brought
        return brought

    async def drop_keks(self, retired_before_ms: int) -> int:
        dropped = 0 if self._below or not retired_before_ms else self._kek - self._oldest
        self._oldest += dropped
        return dropped

    async def reroot(self, root: bytes) -> None:
        """Nothing is wrapped here."""

    async def ask_renewal(self, subjects: Sequence[int], space: str = "record") -> None:
        self._asked.update((subject, space) for subject in subjects)

    async def ask_all(self, space: str = "record") -> int:
        found = {name for name, living in self._keys.items() if living and name[1] == space}
        self._asked |= found
        return len(found)

    async def renewals(self, limit: int) -> list[int]:
        return sorted(subject for subject, space in self._asked if space == "record")[:limit]

    async def renew(self, subject: int, space: str = "record") -> int:
        living = _living(self._keys, subject, space)
        if len(living) == 1 or self._superseded.get((subject, space), (0, 0))[0] == max(living):
            living[max(living) + 1] = self._entropy.bytes(32)
        return max(living)

    async def supersede(
        self, subject: int, version: int, until_ms: int, space: str = "record"
    ) -> None:
        self._superseded[subject, space] = (version, until_ms)
        await self.give_up(subject, space)

    async def superseded(self, now_ms: int, limit: int) -> list[tuple[int, int]]:
        return sorted(
            (subject, v) for (subject, _), (v, until) in self._superseded.items() if until <= now_ms
        )[:limit]

    async def retire(self, subject: int, version: int, space: str = "record") -> None:
        living = self._keys.get((subject, space), {})
        for v in [v for v in living if v < version]:
            del living[v]
        if self._superseded.get((subject, space), (version + 1, 0))[0] <= version:
            del self._superseded[subject, space]

    async def give_up(self, subject: int, space: str = "record") -> None:
        self._asked.discard((subject, space))


class MemoryClosures:
    """KeyClosures over those dictionaries."""

    def __init__(self, keys: dict[tuple[int, str], _Versions]) -> None:
        self._keys = keys
        self._rows: dict[int, ClosureRow] = {}
        self._sealed: dict[int, list[SealedKey]] = {}

    async def get(self, subject: int) -> ClosureRow | None:
        return self._rows.get(subject)

    async def after(self, subject: int, limit: int) -> list[ClosureRow]:
        return [row for name, row in sorted(self._rows.items()) if name > subject][:limit]

    async def change(self, before: ClosureRow | None, after: ClosureRow) -> bool:
        if self._rows.get(after.subject) != before:
            return False
        self._rows[after.subject] = after
        return True

    async def archive(self, subject: int, public: bytes) -> int:
        found = self._keys.get((subject, "record"), {})
        self._keys[subject, "record"] = {}
        sealed = [
            SealedKey("record", v, seal_archived(public, key, subject, "record", v))
            for v, key in sorted(found.items())
        ]
        self._sealed.setdefault(subject, []).extend(sealed)
        return len(sealed)

    async def archived(self, subject: int) -> list[SealedKey]:
        return list(self._sealed.get(subject, ()))

    async def bring_back(self, subject: int, private: bytes) -> int:
        found = self._sealed.get(subject, [])
        opened = {v: open_archived(private, raw, subject, space, v) for space, v, raw in found}
        if opened:
            self._keys[subject, "record"] = opened
        self._sealed.pop(subject, None)
        return len(opened)

    def forget(self, subject: int, space: str) -> None:
        """A destroyed key is in no archive either."""
        left = [one for one in self._sealed.pop(subject, []) if one.space != space]
        if left:
            self._sealed[subject] = left


def _living(keys: dict[tuple[int, str], _Versions], subject: int, space: str) -> _Versions:
    found = keys.get((subject, space))
    if not found:
        raise Unavailable("no such data key")
    return found

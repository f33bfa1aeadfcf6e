"""MemoryKeyStore: the KeyStore port for simulations and tests of the services."""

from collections.abc import Sequence

from dossier.entropy import Entropy
from dossier.errors import Unavailable
from server.ports import NarrowRow


class MemoryKeyStore:
    """Keys in dictionaries: never lost by a simulated crash of the store, as the real ones are not."""

    def __init__(self, entropy: Entropy, *, restore: int = 0) -> None:
        self._entropy, self._restore = entropy, restore
        self._keys: dict[tuple[int, str], bytes | None] = {}
        self._secrets: dict[str, bytes] = {}
        self._narrow: dict[int, dict[str, NarrowRow]] = {}

    async def key(self, subject: int, space: str = "record") -> tuple[int, bytes]:
        name = (subject, space)
        if name not in self._keys:
            self._keys[name] = self._entropy.bytes(32)
        return 1, self._living(subject, space)

    async def prepare(self, subjects: Sequence[int], space: str = "record") -> None:
        for subject in subjects:
            if (subject, space) not in self._keys:
                self._keys[subject, space] = self._entropy.bytes(32)

    async def key_at(self, subject: int, version: int, space: str = "record") -> bytes:
        if version != 1:
            raise Unavailable("no such data key")
        return self._living(subject, space)

    async def destroy(self, subject: int, space: str = "record") -> None:
        self._keys[subject, space] = None

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

    def _living(self, subject: int, space: str) -> bytes:
        key = self._keys.get((subject, space))
        if key is None:
            raise Unavailable("no such data key")
        return key

"""Drafts, settings and secrets of this profile: small tables of work.db, each call one transaction."""

from collections.abc import Sequence
from typing import TypeVar

from local_store.connections import Connection
from local_store.lanes import Writer
from practitioner_app.ports import KeptDraft

T = TypeVar("T", bytes, str)


class LocalDrafts:
    """practitioner_app.ports.Drafts: what was being typed; survives a crash and a lock."""

    def __init__(self, work: Writer) -> None:
        self._work = work

    def keep(self, key: str, owner: int, text: bytes, at: str) -> None:
        """Keep or replace one draft."""
        with self._work.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO draft (name, owner, content, at) VALUES (?, ?, ?, ?)",
                (key, owner, text, at),
            )

    def get(self, key: str) -> bytes | None:
        """One draft."""
        with self._work.alone() as db:
            return _one(db, "SELECT content FROM draft WHERE name = ?", key, bytes)

    def all(self) -> Sequence[KeptDraft]:
        """Every draft, the latest first."""
        with self._work.alone() as db:
            rows = db.execute(
                "SELECT name, owner, content, at FROM draft ORDER BY at DESC, name"
            ).fetchall()
        return [KeptDraft(name, owner, bytes(text), at) for name, owner, text, at in rows]

    def drop(self, key: str) -> None:
        """It was sent, or a person threw it away."""
        with self._work.transaction() as db:
            db.execute("DELETE FROM draft WHERE name = ?", (key,))


class LocalSettings:
    """practitioner_app.ports.Settings: small durable preferences."""

    def __init__(self, work: Writer) -> None:
        self._work = work

    def get(self, key: str, default: str = "") -> str:
        """One setting, or `default`."""
        with self._work.alone() as db:
            found = _one(db, "SELECT value FROM setting WHERE name = ?", key, str)
        return default if found is None else found

    def put(self, key: str, value: str) -> None:
        """Set one setting."""
        with self._work.transaction() as db:
            db.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (key, value))


class LocalPacks:
    """practitioner_app.ports.Packs: official lists that were imported."""

    def __init__(self, work: Writer) -> None:
        self._work = work

    def keep(self, name: str, content: bytes, at: str) -> None:
        """Keep or replace one pack."""
        with self._work.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO pack (name, content, at) VALUES (?, ?, ?)",
                (name, content, at),
            )

    def get(self, name: str) -> tuple[bytes, str] | None:
        """One pack and when it was kept."""
        with self._work.alone() as db:
            row = db.execute("SELECT content, at FROM pack WHERE name = ?", (name,)).fetchone()
        return None if row is None else (bytes(row[0]), str(row[1]))

    def drop(self, name: str) -> None:
        """Forget one pack."""
        with self._work.transaction() as db:
            db.execute("DELETE FROM pack WHERE name = ?", (name,))


class Vault:
    """Secrets that lie inside work.db only: the device key, the keyset, pins, checkpoints."""

    def __init__(self, work: Writer) -> None:
        self._work = work

    def get(self, name: str) -> bytes | None:
        """One secret."""
        with self._work.alone() as db:
            return _one(db, "SELECT content FROM vault WHERE name = ?", name, bytes)

    def put(self, name: str, content: bytes) -> None:
        """Set one secret; the bytes it replaces are overwritten (`secure_delete`)."""
        with self._work.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO vault (name, content) VALUES (?, ?)", (name, content)
            )

    def drop(self, name: str) -> None:
        """Forget one secret."""
        with self._work.transaction() as db:
            db.execute("DELETE FROM vault WHERE name = ?", (name,))


def forget_patient(db: Connection, owner: int) -> None:
    """Nothing of this patient may be read any more: what was noted about their rows goes (`Settings`).

    Drafts stay: they hold only what this person typed (design law 8).
    """
    db.execute("DELETE FROM setting WHERE name GLOB '*.' || ?", (str(owner),))


def _one(db: Connection, sql: str, name: str, kind: type[T]) -> T | None:
    row = db.execute(sql, (name,)).fetchone()
    return None if row is None else kind(row[0])

"""What the services need from outside: a store, a key store, a hint board.

Every method is `async`. The SQLite and memory stores never suspend: they run a whole unit of work on
one thread (the writer, with group commit). The PostgreSQL store suspends on its driver. Services are
written once.

Laws kept here (DATA-MODEL §2-§5, SCALE §2):
- one unit of work touches exactly one `owner`; every statement names it (OwnerGuard);
- `lock` is the first call of a writing unit of work: it bumps the owner's row, which is its lock;
- rights are read after the lock, never before; readers read rows first, rights after;
- numbers (n, seq, moved_v, since_v) come from counters of locked rows, never from a clock or sequence;
- facets are opaque tags (dossier.sealing.facets); nothing clinical and no name is ever an argument.
"""

from server.ports.rows import (
    AccountRow,
    AlarmRow,
    AttemptRow,
    CompartmentRow,
    CopyRow,
    DeviceRow,
    EffectRow,
    FamilyRow,
    GrantRow,
    HistoryRow,
    JournalRow,
    MemberRow,
    OpRow,
    OwnerRow,
    PasskeyRow,
    ProjectionRow,
    RefreshRow,
    RelationRow,
    ResourceRow,
    SessionRow,
    SlipRow,
    Tombstone,
)
from server.ports.stores import (
    HintBoard,
    HintLine,
    KeyProvider,
    KeyRotation,
    KeyStore,
    LogLeaf,
    Maintenance,
    NarrowRow,
    Store,
)
from server.ports.tables import (
    Access,
    Attempts,
    Browsers,
    Compartments,
    Effects,
    Families,
    Journal,
    Ops,
    OwnerTable,
    OwnerTx,
    People,
    Projections,
    Reservations,
    Resources,
    Volumes,
)

__all__ = [
    "Access",
    "AccountRow",
    "AlarmRow",
    "AttemptRow",
    "Attempts",
    "Browsers",
    "CompartmentRow",
    "Compartments",
    "CopyRow",
    "DeviceRow",
    "EffectRow",
    "Effects",
    "Families",
    "FamilyRow",
    "GrantRow",
    "HintBoard",
    "HintLine",
    "HistoryRow",
    "Journal",
    "JournalRow",
    "KeyProvider",
    "KeyRotation",
    "KeyStore",
    "LogLeaf",
    "Maintenance",
    "MemberRow",
    "NarrowRow",
    "OpRow",
    "Ops",
    "OwnerRow",
    "OwnerTable",
    "OwnerTx",
    "PasskeyRow",
    "People",
    "ProjectionRow",
    "Projections",
    "RefreshRow",
    "RelationRow",
    "Reservations",
    "ResourceRow",
    "Resources",
    "SessionRow",
    "SlipRow",
    "Store",
    "Tombstone",
    "Volumes",
]

"""The grammar of facet names (DATA-MODEL §1).

    patient       identity | profile[:nr] | rec:<class>[:m-<author> | :a-<author>][:np | :nr]
                  desk | visits[:nr] | access[:np | :nr] | own-<organisation>
    agenda        diary | reasons-<schedule>
    conversation  thread | team-<organisation>
    practice      settings | intake-<account>
    account       private
    directory     public | import

m: masked to professionals but the author and the attending doctor. a: the author reads although the matrix
denies the class. np: not yet visible to the patient and representatives. nr: never to representatives.
m with np has no name (VIS-02). A name has exactly one form.
"""

import re
from typing import NamedTuple

PLAIN = frozenset(
    {"identity", "desk", "diary", "thread", "settings", "private", "public", "import"}
)

_MAY_NR = frozenset({"profile", "visits", "access", "rec"})
_MAY_NP = frozenset({"access", "rec"})

_REC = re.compile(r"rec:([a-z][a-z0-9]{1,8})(?::([ma])-([1-9][0-9]{0,18}))?(?::(np|nr))?")
_OTHER = re.compile(r"(profile|visits|access)(?::(np|nr))?")
_OWNED = re.compile(r"(own|team|intake)-([1-9][0-9]{0,18})")
_REASONS = re.compile(r"reasons-([A-Za-z0-9.-]{1,64})")


class Facet(NamedTuple):
    """One facet, parsed. `kind` is the first word; `cls` the class of `rec`; `target` the organisation,
    account or schedule after the dash of own-, team-, intake-, reasons-.
    """

    kind: str
    cls: str = ""
    masked_by: int | None = None
    author_exception: int | None = None
    np: bool = False
    nr: bool = False
    target: str = ""

    @property
    def name(self) -> str:
        """The one written form; raises ValueError for a facet that cannot exist."""
        text = self.kind
        if self.cls:
            text += f":{self.cls}"
        if self.masked_by is not None:
            text += f":m-{self.masked_by}"
        if self.author_exception is not None:
            text += f":a-{self.author_exception}"
        if self.target:
            text += f"-{self.target}"
        text += ":np" * self.np + ":nr" * self.nr
        if parse_facet(text) != self:
            raise ValueError("no such facet")
        return text

    @property
    def author(self) -> int | None:
        """Whoever the suffix names, as mask or as exception."""
        return self.author_exception if self.masked_by is None else self.masked_by

    @property
    def clinical(self) -> bool:
        """Content of the record, which secretaries never read."""
        return self.kind in {"rec", "profile", "own"}


def parse_facet(name: str) -> Facet:
    """Read a facet name; raises ValueError for anything outside the grammar."""
    if name in PLAIN:
        return Facet(name)
    if found := _REC.fullmatch(name):
        cls, letter, author, hidden = found.groups()
        if letter == "m" and hidden == "np":
            raise ValueError("masked and not visible to the patient is refused")
        number = int(author) if author else None
        return Facet(
            "rec",
            cls,
            number if letter == "m" else None,
            number if letter == "a" else None,
            hidden == "np",
            hidden == "nr",
        )
    if found := _OTHER.fullmatch(name):
        kind, hidden = found.groups()
        if hidden != "np" or kind in _MAY_NP:
            return Facet(kind, np=hidden == "np", nr=hidden == "nr")
    if found := _OWNED.fullmatch(name):
        return Facet(found[1], target=found[2])
    if found := _REASONS.fullmatch(name):
        return Facet("reasons", target=found[1])
    raise ValueError("no such facet")


def may_carry(kind: str, suffix: str) -> bool:
    """Has this kind of facet a form with the suffix `np` or `nr`?"""
    return kind in (_MAY_NP if suffix == "np" else _MAY_NR)

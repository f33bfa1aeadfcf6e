"""What the palette shows, ready to be painted."""

from enum import StrEnum

from msgspec import Struct


class HitKind(StrEnum):
    HEAD = "head"
    HERE = "here"
    ACTION = "action"
    PATIENT = "patient"
    ELSEWHERE = "elsewhere"


class HitRow(Struct, frozen=True, kw_only=True):
    """One line. `marks` are spans of `title` that answered; `whose` follows it and is never cut (HZ-01); `act`
    says what Enter does.
    """

    kind: HitKind
    key: str
    title: str
    words: str
    whose: str = ""
    second: str = ""
    glyph: str = ""
    act: str = ""
    shortcut: str = ""
    marks: tuple[tuple[int, int], ...] = ()
    warning: str = ""
    owner: int = 0
    rtype: str = ""
    rid: str = ""

    @property
    def is_head(self) -> bool:
        return self.kind is HitKind.HEAD


class PaletteState(Struct, frozen=True, kw_only=True):
    """`frozen`: the list does not move any more, Enter is accepted."""

    words: str = ""
    rows: tuple[HitRow, ...] = ()
    answers: str = ""
    sentence: str = ""
    settled: bool = False

"""Forms as values: what is asked, what was answered, what is wrong with it."""

from collections.abc import Callable, Mapping

from msgspec import Struct

Answers = Mapping[str, str]


class Option(Struct, frozen=True):
    key: str
    label: str


class FieldSpec(Struct, frozen=True, kw_only=True):
    """One question. `options` makes it a choice: side by side up to five, a list beyond."""

    key: str
    label: str
    hint: str = ""
    placeholder: str = ""
    required: bool = False
    lines: int = 1
    options: tuple[Option, ...] = ()
    suggestions: tuple[str, ...] = ()
    unanswered: bool = False
    """None of the options stands chosen until somebody chooses: silence is no answer."""
    stacked: bool = False
    """Shown as a list that opens, even with few options."""


class FormSpec(Struct, frozen=True, kw_only=True):
    """What is asked, about whom."""

    key: str
    title: str
    about: str
    save: str
    fields: tuple[FieldSpec, ...]
    values: dict[str, str] = {}
    note: str = ""
    doubts: Callable[[Answers], Mapping[str, str]] | None = None
    """Answers that may be a slip of the hand, by field, each as a question (HZ-13): a person who records the
    same answer again is believed, a true value is never refused.
    """
    tell: Callable[[Answers], Mapping[str, str]] | None = None
    """What follows from the answers, by field: it is read, never written."""
    other: str = ""
    """A second act of the same panel, such as `No known allergies`."""


class WrongField(Exception):
    """A field cannot be read; `sentence` says what to type instead."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(field)
        self.field = field
        self.sentence = sentence


class EntryState(Struct, frozen=True, kw_only=True):
    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    problem: str = ""
    saving: bool = False
    draft_found: bool = False
    told: dict[str, str] = {}
    """What follows from the answers so far, by field: a computed value, the same in a second unit."""

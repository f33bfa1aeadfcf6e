"""The lock page, the six steps of the first start and the keyring's dialogue, ready to be painted.

Nothing clinical is ever in these states: counts and dates only (HZ-25).
"""

from enum import StrEnum

from msgspec import Struct


class LockState(Struct, frozen=True, kw_only=True):
    day: str
    time: str
    title: str
    who: str
    tiles: tuple[tuple[str, str], ...] = ()
    """(glyph, words)"""
    lease: str = ""
    about: str = ""
    """Once the lease is over: what can still be read, or why nothing."""
    continuity: bool = False
    """The button opens continuity mode."""
    practice: str = ""
    problem: str = ""
    waiting: bool = False
    recovery: bool = False
    notice: str = ""
    keyboard: str = ""


class PersonLine(Struct, frozen=True):
    """A person enrolled on this computer, in one situation. `place`: the practice; `key` names the profile."""

    key: str
    person: str
    place: str
    device_name: str
    present: bool = False


class StepMark(StrEnum):
    DONE = "done"
    HERE = "here"
    TO_COME = "to_come"


class StepLine(Struct, frozen=True):
    number: int
    title: str
    about: str
    mark: StepMark


class FieldLine(Struct, frozen=True, kw_only=True):
    """A field of a step; `good` is the sentence in green under it, `bad` the one in amber."""

    key: str
    label: str
    value: str = ""
    placeholder: str = ""
    hint: str = ""
    good: str = ""
    bad: str = ""
    aside: str = ""
    secret: bool = False


class ChoiceLine(Struct, frozen=True, kw_only=True):
    key: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str
    aside: str = ""


class StartState(Struct, frozen=True, kw_only=True):
    """One page of the first start. `why_not`: why `Continue` is disabled, in words."""

    steps: tuple[StepLine, ...]
    title: str
    intro: str
    fields: tuple[FieldLine, ...] = ()
    choices: tuple[ChoiceLine, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""
    code: str = ""
    seed: str = ""
    """What the person's authenticator takes in."""
    link: str = ""
    """Another way through this page."""
    browser: str = ""
    """The way through the person's own browser; or, while it is awaited, the way back."""
    browser_about: str = ""
    check: str = ""
    checked: bool = False
    knowing_title: str = ""
    knowing: tuple[str, ...] = ()
    ratio: float | None = None
    ratio_words: str = ""
    problem: str = ""
    why_not: str = ""
    busy: str = ""
    can_go_back: bool = False
    forward_label: str = ""
    server_title: str = ""
    server_about: str = ""
    no_patient_yet: str = ""
    can_show_phrase: bool = False


class PhraseState(Struct, frozen=True, kw_only=True):
    """A new phrase after the recovery code. `why_not`: why the button waits, in words."""

    title: str
    intro: str
    fields: tuple[FieldLine, ...]
    why_not: str = ""
    problem: str = ""
    waiting: bool = False


class KeyringState(Struct, frozen=True, kw_only=True):
    """Why the keyring cannot be used and what can be done; never a silent way around."""

    title: str
    sentence: str
    steps: tuple[str, ...]
    retry: str
    recovery: str
    leave: str

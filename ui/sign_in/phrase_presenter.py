"""The words of the page that asks for a new phrase after the recovery code; the fields of any new phrase."""

from msgspec import Struct

from practitioner_app.services.first_start import problem_of
from ui.i18n import Texts
from ui.sign_in.state import FieldLine, PhraseState

_FINE = {"", "first_start.phrase_differs"}


class Typed(Struct, frozen=True, kw_only=True):
    """Both typings of a new phrase, and the words it may not hold."""

    phrase: str = ""
    again: str = ""
    own: frozenset[str] = frozenset()

    @property
    def problem(self) -> str:
        """Why this is no phrase, as a catalogue key; empty when it is one."""
        return problem_of(self.phrase, self.again, self.own)


def phrase_fields(texts: Texts, typed: Typed) -> tuple[FieldLine, FieldLine]:
    """The phrase with its sentence of strength, and the second typing with its count."""
    tr = texts.tr
    words, chars, again = len(typed.phrase.split()), len(typed.phrase), len(typed.again)
    good = ""
    if typed.phrase and typed.problem in _FINE:
        good = tr("{words} words, {chars} characters: suitable.", words=words, chars=chars)
    counted = tr("{words} words, {chars} characters", words=words, chars=chars)
    example = tr("Four or five words that do not go together: loutre velours quatorze brise")
    return (
        FieldLine(
            key="phrase",
            label=tr("Passphrase"),
            value=typed.phrase,
            hint=counted if typed.phrase else example,
            good=good,
            secret=True,
        ),
        FieldLine(
            key="again",
            label=tr("Type it a second time"),
            value=typed.again,
            aside=tr("{typed} characters of {total}", typed=again, total=chars) if again else "",
            secret=True,
        ),
    )


def phrase_state(
    texts: Texts, typed: Typed, *, why_not: str, problem: str, waiting: bool
) -> PhraseState:
    """`why_not`: why the button waits; `problem`: what the last try met."""
    tr = texts.tr
    return PhraseState(
        title=tr("Choose a new passphrase"),
        intro=tr(
            "The recovery code opened the copy of this computer. The new phrase replaces the forgotten one; "
            "the code stays good."
        ),
        fields=phrase_fields(texts, typed),
        why_not=why_not,
        problem=problem,
        waiting=waiting,
    )

"""Reading a French posology: a table of what is understood, longest meaning first; the rest stays as text.

Never guesses: a sentence with two steps is kept whole, and a decimal is never read ten times too large (HZ-13).
"""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from msgspec import Struct

from dossier.terminology.numerals import spelled
from dossier.terminology.posology import (
    Ceiling,
    Circumstance,
    Dose,
    Free,
    Interval,
    Lasting,
    Moments,
    Needed,
    Part,
    Posology,
    Rhythm,
)
from dossier.terminology.units import Span, time_code, time_words, unit_named, unit_words

MOST_CHARS: Final = 500
_HALF: Final = Decimal("0.5")
_MOMENT_CODES: Final = {
    "matin": "MORN",
    "midi": "NOON",
    "gouter": "AFT",
    "soir": "EVE",
    "coucher": "HS",
}


class Reading(Struct, frozen=True):
    """A posology and what stood beside it: the quantity (`QSP 1 mois`) and the renewals."""

    posology: Posology
    supply: Span | None = None
    renewals: int = 0


_WORDS: Final = "|".join(
    word.replace(" ", "[ -]")
    for word in sorted(spelled(), key=len, reverse=True)
    if spelled()[word] <= 100
)
_NUM: Final = rf"(?:\d{{1,3}}(?:[ \u202f\u00a0]\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[.,]\d+|(?:{_WORDS})(?![a-z]))"
_FRACTION: Final = r"(?:1/2|½|(?:un |une )?demi[ -]?e?[ -]?)"
_WHOLE: Final = r"(?:\d+|(?:" + _WORDS + r")(?![a-z]))"


def _flat(text: str) -> str:
    """Small letters without accents, as long as the text: places in one are places in the other."""
    found = []
    for char in text:
        bare = unicodedata.normalize("NFKD", char)[0] if char not in "½µ" else char
        lower = bare.lower()
        found.append("'" if char == "\u2019" else lower if len(lower) == 1 else char)
    return "".join(found)


_UNIT: Final = "|".join(re.escape(_flat(word)) for word in unit_words())
_FLAT_UNITS: Final = {_flat(word): word for word in unit_words()}
_TIME: Final = "|".join(time_words())
_END: Final = r"(?![a-z0-9])"
_DAY: Final = rf"(?:par |/ ?)(?:jour|j|24 ?h(?:eures)?){_END}"
_MOST: Final = rf"(?:au maximum|maximum|maxi|max|au plus){_END}"
_MOMENT: Final = "matin|midi|soir|gouter|coucher"


def _number(text: str) -> Decimal:
    flat = re.sub(r"[ \u202f\u00a0]", "", text) if text[:1].isdigit() else text
    if flat[:1].isdigit() or flat[:1] in ",.":
        return Decimal(flat.replace(",", "."))
    return Decimal(spelled()[flat.replace("-", " ")])


def _unit(text: str) -> str:
    known = unit_named(_FLAT_UNITS[text])
    return known.name if known is not None else text


def _dose(found: re.Match[str]) -> Part | None:
    unit = _unit(found["unit"])
    if found["half"]:
        return Dose(_HALF, unit)
    quantity = _number(found["n"]) + (_HALF if found["and_half"] else 0)
    if not quantity:
        return None
    return Dose(quantity, unit, _number(found["most"]) if found["most"] else None)


def _moments(found: re.Match[str]) -> Part | None:
    codes = [_MOMENT_CODES[word] for word in re.findall(_MOMENT, found[0])]
    return Moments(tuple(codes)) if len(set(codes)) == len(codes) else None


def _rhythm(found: re.Match[str]) -> Part | None:
    times = int(_number(found["n"]))
    return Rhythm(times, 1, time_code(found["t"])) if times else None


def _every(found: re.Match[str]) -> Part | None:
    number = int(_number(found["n"])) if found["n"] else 1
    code = time_code(found["t"])
    if not number:
        return None
    return Rhythm(1, number, code, bare=number == 1 and code != "h")


def _ceiling(found: re.Match[str]) -> Part | None:
    unit = found["u"] or ""
    return Ceiling(_number(found["n"]), _unit(unit) if unit in _FLAT_UNITS else "")


_PHRASES: Final = {
    "au cours des repas": "C", "au cours du repas": "C", "au milieu des repas": "C", "au milieu du repas": "C",
    "au début des repas": "C", "au début du repas": "C", "pendant les repas": "C", "pendant le repas": "C",
    "au repas": "C", "aux repas": "C", "avant les repas": "AC", "avant le repas": "AC", "avant chaque repas": "AC",
    "après les repas": "PC", "après le repas": "PC", "après chaque repas": "PC", "au petit déjeuner": "CM",
    "avant le petit déjeuner": "ACM", "après le petit déjeuner": "PCM", "au déjeuner": "CD", "au dîner": "CV",
    "à jeun": "", "à heure fixe": "", "à heures fixes": "", "en une prise unique": "", "en une seule prise": "",
    "en une prise": "", "à distance des repas": "", "en sous-cutané": "", "sans arrêt": "", "le même jour": "",
    "dans chaque narine": "", "dans chaque œil": "", "sous la langue": "", "à sucer": "", "sans croquer": "",
}  # fmt: skip
_FLAT_PHRASES: Final = {_flat(phrase): phrase for phrase in _PHRASES}


def _phrase(found: re.Match[str]) -> Part:
    phrase = _FLAT_PHRASES[found[0]]
    return Circumstance(phrase, _PHRASES[phrase])


_Maker = Callable[[re.Match[str]], Part | None]


def _rules() -> tuple[tuple[re.Pattern[str], _Maker], ...]:
    """Longest meaning first: a ceiling begins like a dose, an interval like a duration."""
    counted_u = rf"(?:(?P<u>{_UNIT}|fois|prises?) ?)?"
    after = rf"(?P<n>{_NUM}) ?{counted_u}{_DAY},? ?{_MOST}"
    before = rf"(?:{_MOST}|sans depasser) ?(?P<n>{_NUM}) ?{counted_u}{_DAY}"
    phrases = "|".join(re.escape(flat) for flat in sorted(_FLAT_PHRASES, key=len, reverse=True))
    table: tuple[tuple[str, _Maker], ...] = (
        (after, _ceiling),
        (before, _ceiling),
        (
            rf"(?:a )?(?P<n>{_WHOLE}) ?h(?:eures?)? d'intervalle",
            lambda m: Interval(int(_number(m["n"]))),
        ),
        (rf"(?P<n>{_WHOLE}) ?(?:fois|x) ?(?:par |/ ?)(?P<t>jour|semaine|mois|j|sem)", _rhythm),
        (rf"x ?(?P<n>{_WHOLE}) ?(?:fois )?(?:par |/ ?)(?P<t>jour|semaine|mois|j|sem)", _rhythm),
        (rf"tou(?:te)?s les (?:(?P<n>{_WHOLE}) )?(?P<t>{_TIME})", _every),
        (r"(?:par |/ ?|chaque )(?P<t>jour|semaine|mois|j|sem)(?P<n>)", _every),
        (r"un jour sur deux", lambda _: Rhythm(1, 2, "d")),
        (
            (
                rf"(?:(?P<half>{_FRACTION})|(?P<n>{_NUM})(?: a (?P<most>{_NUM}))?) ?"
                rf"(?P<unit>{_UNIT}){_END}(?P<and_half> et demie?{_END})?"
            ),
            _dose,
        ),
        (phrases, _phrase),
        (rf"(?:le |au )?(?:{_MOMENT})(?:(?:, ?| et )(?:le |au )?(?:{_MOMENT}))*", _moments),
        (r"si besoin|si necessaire|au besoin", lambda _: Needed()),
        (rf"(?:pendant|pdt|durant|pour) (?P<n>{_WHOLE}) ?(?P<t>{_TIME})", _lasting),
        (rf"(?P<n>{_WHOLE}) ?(?P<t>{_TIME})", _lasting),
    )
    return tuple((re.compile(rf"(?:{pattern}){_END}"), maker) for pattern, maker in table)


def _lasting(found: re.Match[str]) -> Part | None:
    number = int(_number(found["n"]))
    return Lasting(Span(number, time_code(found["t"]))) if number else None


_RULES: Final = _rules()
_CASE: Final = re.compile(r"en cas d(?:e |')(?P<why>[^,;0-9]+)")
_STOPS: Final = re.compile(
    rf"\b(?:pendant|durant|tou(?:te)?s les|au plus|au maximum|le (?:{_MOMENT})|matin|si besoin|par jour|puis)\b"
)
_SUPPLY: Final = re.compile(rf"\bqsp ?(?P<n>{_WHOLE}) ?(?P<t>{_TIME}){_END}")
_RENEWED: Final = re.compile(rf"\b(?:a renouveler|renouvelable) (?P<n>{_WHOLE}) fois{_END}")
_STEPS: Final = re.compile(r"\b(?:puis|arret \d|arret de|ensuite|alterner|en alternance)\b")
_MARK: Final = re.compile(r"\s*((?<=[^\W\d])[,.]|,(?!\d)|;)?\s*")
"""A comma between a space and a digit is a decimal comma: ` ,5` is a half, never five."""
_WORD: Final = re.compile(r",*[^\s,;]+(?:,(?=\S)[^\s,;]+)*")


def read(text: str) -> Reading:
    """Read a sentence; never fails, and what it does not understand is kept."""
    text = " ".join(text[:MOST_CHARS].split())
    text, supply = _taken_out(text, _SUPPLY)
    text, renewed = _taken_out(text, _RENEWED)
    span = Span(int(_number(supply["n"])), time_code(supply["t"])) if supply else None
    return Reading(
        _whole(text),
        span if span is not None and span.number else None,
        int(_number(renewed["n"])) if renewed else 0,
    )


def _taken_out(text: str, pattern: re.Pattern[str]) -> tuple[str, re.Match[str] | None]:
    found = pattern.search(_flat(text))
    if found is None:
        return text, None
    before, after = (
        text[: found.start()].rstrip(" ,;.—-"),
        text[found.end() :].lstrip(" ;").removeprefix(", "),
    )
    return f"{before}, {after}" if before and after else before or after, found


def _whole(text: str) -> Posology:
    text = re.sub(r"^[ ,;.]+(?![\d,;. ])", "", text).strip().rstrip(" ,;.")
    if not text:
        return Posology()
    parts = _parts(text)
    kinds = [type(part) for _, part in parts]
    once = (Dose, Lasting, Rhythm, Moments, Needed, Ceiling)
    if _STEPS.search(_flat(text)) or any(kinds.count(kind) > 1 for kind in once):
        return Posology((("", Free(text)),))
    return Posology(tuple(parts))


def _parts(text: str) -> list[tuple[str, Part]]:
    """What is not understood stays as it was typed, from its first sign to its last: `;0` and `,5` too."""
    flat, place, free_from = _flat(text), 0, 0
    found: list[tuple[str, Part]] = []
    while place < len(text):
        marked = _MARK.match(text, place)
        mark, place = (marked[1] or "", marked.end()) if marked else ("", place)
        if place >= len(text):
            break
        if mark and not found:
            found.append(("", Free(mark)))
            continue
        before = found[-1][1] if found else None
        part, end = _part(flat, text, place, follows_free=isinstance(before, Free))
        if isinstance(part, Free) and isinstance(before, Free):
            found[-1] = (found[-1][0], Free(text[free_from:end]))
        else:
            free_from = place
            found.append((mark, part))
        place = end
    return found


def _part(flat: str, text: str, place: int, *, follows_free: bool) -> tuple[Part, int]:
    """The part that begins here, and where it ends."""
    if not (place and flat[place - 1].isalnum()):
        case = _CASE.match(flat, place)
        if case is not None:
            stop = _STOPS.search(flat, case.start("why"))
            end = min(case.end(), stop.start()) if stop else case.end()
            why = text[case.start("why") : end].strip()
            if why:
                return Needed(why), end
        for pattern, make in _RULES:
            found = pattern.match(flat, place)
            part = make(found) if found is not None else None
            if found is None or part is None:
                continue
            bare = isinstance(part, Lasting) and found[0][:1].isdigit()
            if not (bare and follows_free):
                return part, found.end()
    word = _WORD.match(text, place)
    end = word.end() if word else place + 1
    return Free(text[place:end]), end


_STRENGTHS: Final = frozenset(("mg", "g", "microgramme", "UI"))
"""What a name may end with; a volume is taken."""


def split_line(text: str) -> tuple[str, str]:
    """`nom, puis posologie` at the first part that cannot belong to a name: (name, posology)."""
    text = " ".join(text[:MOST_CHARS].split())
    flat = _flat(text)
    for found in re.finditer(r"(?<=[\s,])\S", flat):
        place = found.start()
        part, _ = _part(flat, text, place, follows_free=False)
        strength = isinstance(part, Dose) and part.unit in _STRENGTHS
        if not isinstance(part, Free) and not strength:
            return text[:place].strip(" ,;"), text[place:].strip(" ,;")
        if _SUPPLY.match(flat, place):
            return text[:place].strip(" ,;"), text[place:]
    return text.strip(" ,;"), ""

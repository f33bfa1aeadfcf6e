"""French typography, applied once, at the last moment before paint.

Catalogue entries and record values keep ordinary spaces; this function puts the non-breaking ones
where a French reader expects them: U+00A0 before a colon, inside « », between a number and its unit,
after Dr, M., Mme and n°; U+202F before ; ! ?. Apostrophes become curved. It never touches codes,
telephone numbers or an INS: those come already joined by `ui.formats`.

Strict identity traits are shown as received and must not pass through here.
"""

import re

NBSP = "\u00a0"
NNBSP = "\u202f"

_UNITS = (
    r"%|°C|‰|mmHg|mm|cm|mg|kg|g|mL|dL|cL|L|UI|mUI|µg|ng|pg|µmol|mmol|nmol|pmol|mol|fL|G|T|mEq|kPa|bpm|"
    r"Ko|Mo|Go|octets?|secondes?|s|min|minutes?|h|heures?|jours?|semaines?|mois|ans?|années|SA|"
    r"microgrammes?|comprimés?|gélules?|gouttes?|bouffées?|sachets?|ampoules?|doses?|injections?|"
    r"unités?|inhalations?|applications?|patches?|suppositoires?|cuillères?|fois|paquets-années"
)
_MONTHS = (
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|"
    "janv\\.|févr\\.|avr\\.|juil\\.|sept\\.|oct\\.|nov\\.|déc\\."
)
_RULES: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    ((" :",), re.compile(r"(?<=\S) +:(?=\s|$)"), NBSP + ":"),
    ((" ;", " !", " ?"), re.compile(r"(?<=\S) +([;!?])"), NNBSP + r"\1"),
    (("«",), re.compile(f"«[ {NBSP}]?"), "«" + NBSP),
    (("»",), re.compile(f"[ {NBSP}]?»"), NBSP + "»"),
    (("1er ",), re.compile(r"(?<=1er) (?=\w)"), NBSP),
    (
        ("Dr ", "Drs ", "Pr ", "Mme ", "Mmes ", "n° ", "QSP "),
        re.compile(r"\b(Dr|Drs|Pr|Mme|Mmes|n°|QSP) (?=\S)"),
        r"\1" + NBSP,
    ),
    (("M. ", "MM. "), re.compile(r"\b(M|MM)\. (?=\S)"), r"\1." + NBSP),
    (("≤ ", "≥ ", "< ", "> "), re.compile(r"(?<=[≤≥<>]) (?=\d)"), NBSP),
)
"""What a rule needs to find in a text, the rule, what it puts."""
_AFTER_DIGIT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"(?<=\d) (?=(?:{_UNITS})(?![\w-]))"), NBSP),
    (re.compile(rf"(?<=\d) (?=(?:{_MONTHS})(?!\w))"), NBSP),
)
_DIGIT_SPACE = re.compile(r"\d ")
_CONCERNED = frozenset(" «»")
"""Every rule needs one of these: a word or a number alone is as it should be."""


def french(text: str) -> str:
    """`text` as a French reader must see it. Applying it twice changes nothing."""
    text = text.replace("'", "’")
    if _CONCERNED.isdisjoint(text):
        return text
    for needed, pattern, replacement in _RULES:
        for mark in needed:
            if mark in text:
                text = pattern.sub(replacement, text)
                break
    if _DIGIT_SPACE.search(text):
        for pattern, replacement in _AFTER_DIGIT:
            text = pattern.sub(replacement, text)
    return text


_BIDI = {
    code: f"⟦U+{code:04X}⟧"
    for code in (
        0x061C,
        0x200E,
        0x200F,
        0x202A,
        0x202B,
        0x202C,
        0x202D,
        0x202E,
        0x2066,
        0x2067,
        0x2068,
        0x2069,
    )
}
_INVISIBLE = {0x200B: "⟦U+200B⟧", 0x2060: "⟦U+2060⟧", 0xFEFF: "⟦U+FEFF⟧", 0x00: "⟦U+0000⟧"}
_SHOWN = {**_BIDI, **_INVISIBLE}


def visible(text: str) -> str:
    """`text` with the characters that reorder or hide other characters spelled out."""
    return text.translate(_SHOWN)

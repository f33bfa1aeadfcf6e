"""The national numbers of people and structures: parse, check, show; never logged.

Strictness follows the system a number is under: a wrong key is an error under a production system and a
warning under a test or demonstration one, because published examples carry wrong keys. A missing number
never stops care. `repr` shows no digit.
Source: ANS identifier tables, FR Core 2.1.0; keys: NIR modulo 97, Luhn (ISO/IEC 7812-1).
"""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from msgspec import Struct

from dossier.errors import Invalid, Issue
from dossier.identity import systems

NBSP: Final = "\u00a0"
_SEPARATORS: Final = re.compile(r"[\s\u00a0\u202f.\-]+")
_INS: Final = re.compile(r"[123478]\d{4}(?:\d{2}|2A|2B)\d{6}")
_MONTHS: Final = frozenset((*range(1, 13), *range(20, 43), *range(50, 100)))
"""Months of an INS: real ones, and the ranges given to births whose month is unknown."""
_CORSICA: Final = {"2A": "19", "2B": "18"}
_FINESS: Final = re.compile(r"\d[\dAB]\d{7}")
_LA_POSTE: Final = "356000000"


class Number(Struct, frozen=True, kw_only=True):
    """A checked identifier. `kind`: INS, RPPS, ADELI, FINESS, SIREN, SIRET, IDNPS, IDNST...

    `warnings` are what would be errors under a production system.
    """

    kind: str
    value: str
    system: str = ""
    warnings: tuple[Issue, ...] = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kind}, masked)"

    __str__ = __repr__


class Ins(Number, frozen=True, kw_only=True):
    """A matricule of 15 characters, its key included."""

    @property
    def body(self) -> str:
        return self.value[:13]

    @property
    def key(self) -> str:
        return self.value[13:]

    @property
    def production(self) -> bool:
        return self.system in systems.INS_PRODUCTION

    def display(self) -> str:
        """Grouped as French readers expect, joined by no-break spaces."""
        return group_ins(self.value)


def group_ins(value: str) -> str:
    """`258074499090110` as `2 58 07 44 990 901 10`; anything else unchanged."""
    if len(value) != 15:
        return value
    cuts = (0, 1, 3, 5, 7, 10, 13, 15)
    return NBSP.join(value[a:b] for a, b in pairwise(cuts))


def ins_key(body: str) -> str:
    """The two-digit key of the 13 characters of a NIR or NIA; Corsican departments count as 19 and 18."""
    digits = body[:5] + _CORSICA.get(body[5:7], body[5:7]) + body[7:]
    return f"{97 - int(digits) % 97:02d}"


def luhn(digits: str) -> bool:
    """Whether a string of digits has a right Luhn check digit."""
    if not (digits.isascii() and digits.isdigit()):
        return False
    total = 0
    for place, char in enumerate(reversed(digits)):
        digit = int(char) * (1 + place % 2)
        total += digit - 9 * (digit > 9)
    return total % 10 == 0


def compact(text: str) -> str:
    """A number as typed or displayed, without its spaces, dots and hyphens, in capitals."""
    return _SEPARATORS.sub("", text).upper()


def read_ins(text: str, system: str = systems.INS_NIR) -> Ins:
    """Parse a matricule with its key, or its 13 characters alone (the key is then added).

    Raises Invalid: `ins_format` always, `ins_key` and `ins_month` under a production system; under the
    test systems these two are warnings.
    """
    if system not in systems.INS_SYSTEMS:
        raise Invalid((Issue("identifier.system", "ins_system"),))
    value = compact(text)
    if not _INS.fullmatch(value[:13]) or not (len(value) == 13 or value[13:].isdecimal()):
        raise Invalid((Issue("identifier.value", "ins_format"),))
    key = ins_key(value[:13])
    if len(value) == 13:
        value += key
    if len(value) != 15:
        raise Invalid((Issue("identifier.value", "ins_format"),))
    doubts = []
    if value[13:] != key:
        doubts.append(Issue("identifier.value", "ins_key"))
    if int(value[3:5]) not in _MONTHS:
        doubts.append(Issue("identifier.value", "ins_month"))
    if doubts and system in systems.INS_PRODUCTION:
        raise Invalid(tuple(doubts))
    return Ins(kind="INS", value=value, system=system, warnings=tuple(doubts))


def read_rpps(text: str, *, testing: bool = False) -> Number:
    """Eleven digits with a Luhn key."""
    return _luhn_number("RPPS", systems.RPPS, text, 11, testing=testing)


def read_siren(text: str, *, testing: bool = False) -> Number:
    return _luhn_number("SIREN", systems.SIRENE, text, 9, testing=testing)


def read_siret(text: str, *, testing: bool = False) -> Number:
    """Fourteen digits with a Luhn key; those of La Poste have a digit sum that 5 divides instead."""
    value = compact(text)
    if value[:9] == _LA_POSTE and len(value) == 14 and value.isdecimal():
        right = sum(map(int, value)) % 5 == 0
        return _number("SIRET", systems.SIRENE, value, right=right, testing=testing)
    return _luhn_number("SIRET", systems.SIRENE, text, 14, testing=testing)


def read_finess(text: str, *, testing: bool = False) -> Number:
    """Nine characters; the key of Corsican numbers (2A, 2B) is not checked: its rule is not published."""
    value = compact(text)
    if not _FINESS.fullmatch(value):
        raise Invalid((Issue("identifier.value", "finess_format"),))
    right = not value.isdecimal() or luhn(value)
    return _number("FINESS", systems.FINESS, value, right=right, testing=testing)


def read_ps_idnat(text: str, *, testing: bool = False) -> Number:
    """PS_IdNat: 8 + RPPS; 0 + ADELI is read for history (warning `adeli_ended`); 1, 3 to 6 are opaque."""
    value = compact(text)
    head, tail = value[:1], value[1:]
    warnings: tuple[Issue, ...] = ()
    if head == "8":
        warnings = read_rpps(tail, testing=testing).warnings
    elif head == "0" and re.fullmatch(r"[0-9AB]{9}", tail):
        warnings = (Issue("identifier.value", "adeli_ended"),)
    elif head not in ("1", "3", "4", "5", "6") or not tail:
        raise Invalid((Issue("identifier.value", "idnps_format"),))
    return Number(kind="IDNPS", value=value, system=systems.PS_IDNAT, warnings=warnings)


def read_struct_idnat(text: str, *, testing: bool = False) -> Number:
    """Struct_IdNat: 1 + FINESS, 2 + SIREN, 3 + SIRET; 0 (ADELI rank) and 4 (RPPS rank) are opaque."""
    value = compact(text)
    inner: dict[str, Callable[..., Number]] = {
        "1": read_finess,
        "2": read_siren,
        "3": read_siret,
    }
    warnings: tuple[Issue, ...] = ()
    if (reader := inner.get(value[:1])) is not None:
        warnings = reader(value[1:], testing=testing).warnings
    elif value[:1] not in ("0", "4") or len(value) < 2:
        raise Invalid((Issue("identifier.value", "idnst_format"),))
    return Number(kind="IDNST", value=value, system=systems.STRUCT_IDNAT, warnings=warnings)


def read_rpps_rank(text: str, *, testing: bool = False) -> Number:
    """RPPS followed by a rank of two digits."""
    value = compact(text)
    if not (len(value) == 13 and value.isascii() and value.isdecimal()):
        raise Invalid((Issue("identifier.value", "rpps_rank_format"),))
    warnings = read_rpps(value[:11], testing=testing).warnings
    return Number(kind="RPPS-RANG", value=value, system=systems.RPPS_RANK, warnings=warnings)


def check(system: str, value: str, *, testing: bool = False) -> tuple[Issue, ...]:
    """What is doubtful about an identifier of a known system; () for an unknown one.

    Raises Invalid where the system is a production one and `testing` is false.
    """
    if system in systems.INS_SYSTEMS:
        if testing and system in systems.INS_PRODUCTION:
            system = systems.INS_TEST
        return read_ins(value, system).warnings
    if system == systems.SIRENE:
        reader = read_siren if len(compact(value)) == 9 else read_siret
        return reader(value, testing=testing).warnings
    found = _READERS.get(system)
    return found(value, testing=testing).warnings if found else ()


_READERS: Final[dict[str, Callable[..., Number]]] = {
    systems.RPPS: read_rpps,
    systems.RPPS_RANK: read_rpps_rank,
    systems.FINESS: read_finess,
    systems.PS_IDNAT: read_ps_idnat,
    systems.STRUCT_IDNAT: read_struct_idnat,
}


def _luhn_number(kind: str, system: str, text: str, length: int, *, testing: bool) -> Number:
    value = compact(text)
    if not (len(value) == length and value.isascii() and value.isdecimal()):
        raise Invalid((Issue("identifier.value", f"{kind.lower()}_format"),))
    return _number(kind, system, value, right=luhn(value), testing=testing)


def _number(kind: str, system: str, value: str, *, right: bool, testing: bool) -> Number:
    doubts = () if right else (Issue("identifier.value", f"{kind.lower()}_key"),)
    if doubts and not testing:
        raise Invalid(doubts)
    return Number(kind=kind, value=value, system=system, warnings=doubts)

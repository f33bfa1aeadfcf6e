"""The five gates of the law as one decision with its reason (FACTS §1.3; R1111-46, R1111-49, L1111-17).

1 space state · 2 not blocked · 3 authorisation · 4 matrix · 5 labels. The first gate that says no is the
answer. `decide` speaks about one person and one facet; `grants.compute` spends the same facts into rows.
The two are written apart and a property test holds them together.
"""

from typing import Literal, NamedTuple

from dossier.access.facets import Facet
from dossier.access.matrix import MatrixPack
from dossier.access.tables import (
    ATTENDING,
    ATTENDING_PROFESSION,
    BREAK_GLASS,
    CENTRE_15,
    CLOSED_STATES,
    READABLE_STATES,
    REPRESENTATIVE,
    SELF,
    Facts,
)

Right = Literal["read", "deposit"]


class Request(NamedTuple):
    """May this account, acting in this unit under this profession, do this on this facet?

    `live`: its membership in the unit is live. `relation` is `self` or `representative` when the person
    comes as patient's side instead; unit and profession are then empty.
    """

    account: int
    unit: int
    profession: str
    facet: Facet
    right: Right = "read"
    live: bool = True
    relation: str = ""


class Decision(NamedTuple):
    """`gate` 1-5 is the one that refused, 0 when permitted. `reason` is a catalogue word.

    permitted: team, named, emergency, registered, front_desk, delegate, author, attending, patient,
    representative, deposit, own_file
    refused: space_state, not_informed, blocked, no_membership, no_consent, switch_off, matrix, masked,
    not_for_patient, not_for_representatives, not_for_secretaries, no_relation, not_offered
    """

    permit: bool
    gate: int
    reason: str


def decide(facts: Facts, request: Request, pack: MatrixPack) -> Decision:
    """Judge one request over facts that are living now (`tables.living`)."""
    if request.relation:
        return _patient_side(facts, request)
    if request.right == "deposit":
        return _deposit(facts, request, pack)
    refused = _state_block_membership(facts, request)
    if refused is not None:
        return refused
    if request.profession in pack.secretaries:
        return _secretary(facts, request)
    if request.profession not in pack.professions:
        return _no(4, "matrix")
    return _professional(facts, request, pack)


def may_open(facts: Facts, mode: str, profession: str, pack: MatrixPack) -> Decision:
    """May an emergency access be opened now? Any care profession breaks the glass, doctors regulate.

    That the patient cannot express a will and is in immediate danger is stated by the person, in words,
    and told to the patient and the attending doctor afterwards (R1111-48).
    """
    if facts.state not in READABLE_STATES:
        return _no(1, "space_state")
    able = pack.professions if mode == BREAK_GLASS else frozenset({ATTENDING_PROFESSION})
    if mode not in {BREAK_GLASS, CENTRE_15} or profession not in able:
        return _no(4, "matrix")
    if not facts.allows_emergency(mode):
        return _no(3, "switch_off")
    return _yes("emergency")


def _state_block_membership(facts: Facts, request: Request) -> Decision | None:
    """Gates 1 and 2, and the membership without which no professional is anybody here."""
    states = frozenset({"closed"}) if request.facet.kind == "own" else READABLE_STATES
    if facts.state not in states:
        return _no(1, "space_state")
    if request.account in facts.blocked:
        return _no(2, "blocked")
    if not request.relation and not request.live:
        return _no(3, "no_membership")
    return None


def _professional(facts: Facts, request: Request, pack: MatrixPack) -> Decision:
    facet = request.facet
    if facet.kind == "own":
        mine = facet.target == str(request.unit)
        return _yes("own_file") if mine else _no(3, "no_membership")
    by = _authorisation(facts, request)
    if facet.kind == "identity":
        known = by or ("registered" if request.unit in facts.registered else "")
        return _yes(known) if known else _no(3, "no_consent")
    if facet.kind == "rec" and by:
        return _record(facts, request, by, pack)
    opens = {"profile": bool(by), "desk": by == "team", "visits": by == "team"}
    if not by or not opens.get(facet.kind, True):
        return _no(3, "no_consent")
    return _yes(by) if facet.kind in opens else _no(4, "not_offered")


def _record(facts: Facts, request: Request, by: str, pack: MatrixPack) -> Decision:
    facet = request.facet
    may_read = pack.may_read(request.profession, facet.cls)
    lasting = by != "emergency"
    if lasting and facet.author == request.account:
        return _yes("author")
    if not may_read:
        return _no(4, "matrix")
    if facet.masked_by is None:
        return _yes(by)
    if by == "team" and facet.masked_by == request.unit:
        return _yes("author")
    attending = any(
        row.kind == ATTENDING and row.account == request.account for row in facts.relations
    )
    if lasting and attending and request.profession == ATTENDING_PROFESSION:
        return _yes("attending")
    return _no(5, "masked")


def _authorisation(facts: Facts, request: Request) -> str:
    """Gate 3: by the team's consent, by name, by an emergency; empty when there is none."""
    if any(row.unit == request.unit for row in facts.teams):
        return "team"
    who = (request.account, request.unit, request.profession)
    if any((row.account, row.unit, row.profession) == who for row in facts.named):
        return "named"
    opened = any(
        (row.account, row.unit, row.profession) == who and facts.allows_emergency(row.mode)
        for row in facts.emergencies
    )
    return "emergency" if opened else ""


def _secretary(facts: Facts, request: Request) -> Decision:
    kind = request.facet.kind
    known = _is_known(facts, request.unit)
    if kind in {"identity", "visits"}:
        return _yes("front_desk") if known else _no(3, "no_consent")
    if kind == "desk":
        named = any(
            (row.account, row.unit) == (request.account, request.unit) for row in facts.delegates
        )
        return _yes("delegate") if known and named else _no(3, "no_consent")
    return _no(4, "not_for_secretaries")


def _deposit(facts: Facts, request: Request, pack: MatrixPack) -> Decision:
    """Feeding needs neither gate 3 nor 4, and no block stops it; the patient was informed once (ACC-07)."""
    if facts.state in CLOSED_STATES or not facts.informed:
        return _no(1, "not_informed" if facts.state not in CLOSED_STATES else "space_state")
    facet = request.facet
    if not request.live or not request.profession:
        return _no(3, "no_membership")
    if facet.kind == "rec":
        listed = request.profession in pack.professions | pack.secretaries
        own = {None, request.account} | ({request.unit} if listed else set())
        return _yes("deposit") if facet.masked_by in own else _no(5, "masked")
    who = pack.professions | (frozenset() if facet.kind == "access" else pack.secretaries)
    if facet.kind not in {"identity", "desk", "access"} or request.profession not in who:
        return _no(4, "not_offered")
    return _yes("deposit") if _is_known(facts, request.unit) else _no(3, "no_consent")


def _patient_side(facts: Facts, request: Request) -> Decision:
    refused = _state_block_membership(facts, request)
    if refused is not None:
        return refused
    who = (request.account, request.relation)
    held = any((row.account, row.kind) == who for row in facts.relations)
    if not held or request.relation not in {SELF, REPRESENTATIVE}:
        return _no(3, "no_relation")
    facet = request.facet
    offered = {"profile", "access"}
    if request.right == "read":
        offered |= {"identity", "rec", "visits"}
    if facet.kind not in offered:
        return _no(4, "not_offered")
    if facet.np or (facet.nr and request.relation == REPRESENTATIVE):
        return _no(5, "not_for_patient" if facet.np else "not_for_representatives")
    return _yes("patient" if request.relation == SELF else "representative")


def _is_known(facts: Facts, unit: int) -> bool:
    return unit in facts.registered or any(row.unit == unit for row in facts.teams)


def _yes(reason: str) -> Decision:
    return Decision(permit=True, gate=0, reason=reason)


def _no(gate: int, reason: str) -> Decision:
    return Decision(permit=False, gate=gate, reason=reason)

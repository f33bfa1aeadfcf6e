"""The decision and the rows are written apart; here they must agree on everything."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.access.facets import parse_facet
from dossier.access.gates import Request, decide, may_open
from dossier.access.grants import (
    ANY_MEMBER,
    compute,
    directory_grants,
    member,
    person,
    principals,
    relation,
)
from dossier.access.matrix import MatrixPack
from dossier.access.tables import (
    ATTENDING,
    BREAK_GLASS,
    CENTRE_15,
    REPRESENTATIVE,
    SELF,
    Delegation,
    Emergency,
    Facts,
    NamedConsent,
    Relation,
    TeamConsent,
    living,
)

PACK = MatrixPack.load()
TEAM, OTHER_TEAM, OUTSIDE = 101, 102, 103
UNITS = (TEAM, OTHER_TEAM, OUTSIDE)
FONTAINE, LEMAIRE, NURSE, DENTIST, SECRETARY, PSYCHOLOGIST = 1, 2, 3, 4, 5, 6
PEOPLE = {
    FONTAINE: "10",
    LEMAIRE: "10",
    NURSE: "60",
    DENTIST: "40",
    SECRETARY: "331",
    PSYCHOLOGIST: "93",
}
PATIENT, MOTHER = 11, 12
STATES = ("active", "open", "announced", "suspended", "closed", "opposed", "deleted")
REC = [
    f"rec:{cls}{author}{hidden}"
    for cls in sorted(PACK.classes)
    for author in ("", f":m-{FONTAINE}", f":m-{TEAM}", f":m-{NURSE}", f":a-{NURSE}")
    for hidden in ("", ":np", ":nr")
    if not (":m-" in author and hidden == ":np")
]
OTHER = ["identity", "profile", "profile:nr", "desk", "visits", "visits:nr", "access", "access:np"]
OTHER += ["access:nr", f"own-{TEAM}"]
FACETS = [*REC, *OTHER]
PARSED = {name: parse_facet(name) for name in FACETS}

untils = st.sampled_from([None, 5, 20])
units = st.sampled_from(UNITS)
carers = st.sampled_from([a for a, p in PEOPLE.items() if p in PACK.professions])
doctors = st.sampled_from([FONTAINE, LEMAIRE])


def rows(strategy, most=3):
    return st.lists(strategy, max_size=most).map(tuple)


facts_strategy = st.builds(
    Facts,
    state=st.sampled_from(STATES + ("active",) * 12),
    informed=st.booleans(),
    registered=st.frozensets(units, max_size=2),
    teams=rows(st.builds(TeamConsent, units, untils)),
    named=rows(
        carers.flatmap(
            lambda a: st.builds(NamedConsent, st.just(a), units, st.just(PEOPLE[a]), untils)
        )
    ),
    delegates=rows(st.builds(Delegation, st.just(SECRETARY), units, untils)),
    relations=rows(
        st.one_of(
            st.builds(Relation, doctors, st.just(ATTENDING), untils),
            st.builds(Relation, st.just(PATIENT), st.just(SELF), st.none()),
            st.builds(Relation, st.just(MOTHER), st.just(REPRESENTATIVE), untils),
        )
    ),
    blocked=st.frozensets(st.sampled_from(sorted(PEOPLE)), max_size=2),
    emergencies=rows(
        carers.flatmap(
            lambda a: st.builds(
                Emergency,
                st.just(a),
                units,
                st.just(PEOPLE[a]),
                st.sampled_from([BREAK_GLASS, CENTRE_15]),
                untils,
            )
        )
    ),
    break_glass=st.booleans(),
    centre_15=st.booleans(),
)


facet_samples = st.builds(
    lambda record, other: [*record, *other],
    st.lists(st.sampled_from(REC), min_size=8, max_size=10, unique=True),
    st.lists(st.sampled_from(OTHER), min_size=4, max_size=6, unique=True),
)


EXAMPLES = settings(max_examples=20, deadline=None, derandomize=True)


class Rows:
    """Grants by (facet, principal), read as a server reads them."""

    def __init__(self, grants, now=10):
        self._rights = {
            (g.facet, g.principal): g.rights for g in grants if g.until is None or g.until > now
        }

    def allow(self, facet, mine, right):
        return any(right in self._rights.get((facet, principal), "") for principal in mine)


@EXAMPLES
@given(facts_strategy, facet_samples, st.booleans())
def test_acc_01_a_row_reads_exactly_where_the_five_gates_permit(facts, facets, live):
    facts = living(facts, 10)
    table = Rows(compute(facts, facets, PACK))
    for account, profession in PEOPLE.items():
        for unit in UNITS:
            mine = principals(account, unit, profession, live, ())
            for name in facets:
                request = Request(account, unit, profession, PARSED[name], live=live)
                reads = table.allow(name, mine, "r") and account not in facts.blocked
                assert reads == decide(facts, request, PACK).permit, (request, facts)


@EXAMPLES
@given(facts_strategy, facet_samples)
def test_acc_01_the_patient_side_reads_exactly_where_the_labels_permit(facts, facets):
    facts = living(facts, 10)
    table = Rows(compute(facts, facets, PACK))
    for account, kind in ((PATIENT, SELF), (MOTHER, REPRESENTATIVE), (MOTHER, SELF)):
        held = [row.kind for row in facts.relations if row.account == account and row.kind == kind]
        mine = principals(account, 0, "", live=False, relations=held)
        for name in facets:
            request = Request(account, 0, "", PARSED[name], relation=kind)
            reads = table.allow(name, mine, "r")
            assert reads == decide(facts, request, PACK).permit, request


@EXAMPLES
@given(facts_strategy, facet_samples)
def test_acc_07_a_deposit_needs_neither_consent_nor_matrix_and_survives_a_block(facts, facets):
    facts = living(facts, 10)
    table = Rows(compute(facts, facets, PACK))
    known = facts.registered | {row.unit for row in facts.teams}
    for account, profession in PEOPLE.items():
        for unit in UNITS:
            mine = principals(account, unit, profession, live=True, relations=())
            for name in facets:
                facet = PARSED[name]
                permit = decide(
                    facts, Request(account, unit, profession, facet, "deposit"), PACK
                ).permit
                deposits = table.allow(name, mine, "d")
                if unit in known:
                    assert deposits == permit, (name, account, unit)
                assert not deposits or permit


@EXAMPLES
@given(facts_strategy, facet_samples)
def test_secretaries_never_hold_a_reading_row_of_clinical_content(facts, facets):
    for grant in compute(living(facts, 10), facets, PACK):
        if grant.principal.rpartition(":")[2] in PACK.secretaries and "r" in grant.rights:
            assert grant.facet in {"identity", "visits", "visits:nr"}


@EXAMPLES
@given(facts_strategy, facet_samples)
def test_vis_03_and_vis_04_a_masked_facet_names_only_its_author_attending_doctors_and_patient(
    facts, facets
):
    facts = living(facts, 10)
    attending = {row.account for row in facts.relations if row.kind == ATTENDING}
    for grant in compute(facts, facets, PACK):
        facet = parse_facet(grant.facet)
        if facet.masked_by is None:
            continue
        kind, _, rest = grant.principal.partition(":")
        if kind == "a":
            assert int(rest.split(":")[0]) in attending | {facet.masked_by}
        elif kind == "m":
            assert int(rest.split(":")[0]) == facet.masked_by
        else:
            assert grant.principal in {relation(SELF), relation(REPRESENTATIVE)}


@EXAMPLES
@given(facts_strategy, facet_samples)
def test_one_row_for_each_facet_and_principal_and_the_same_rows_each_time(facts, facets):
    facts = living(facts, 10)
    grants = compute(facts, facets, PACK)
    keys = [(grant.facet, grant.principal) for grant in grants]
    assert len(keys) == len(set(keys))
    assert grants == compute(facts, facets[::-1], PACK)
    assert all(grant.rights and grant.cause for grant in grants)


ACTIVE = Facts(registered=frozenset({TEAM}), relations=(Relation(FONTAINE, ATTENDING),))
CONSENTED = ACTIVE._replace(teams=(TeamConsent(TEAM),))


def reason(facts, account, facet, unit=TEAM, **more):
    return decide(facts, Request(account, unit, PEOPLE[account], parse_facet(facet), **more), PACK)


def test_acc_02_and_acc_03_nothing_clinical_is_read_before_the_initial_consent():
    assert reason(ACTIVE, FONTAINE, "rec:care") == (False, 3, "no_consent")
    assert reason(ACTIVE, FONTAINE, "identity") == (True, 0, "registered")
    assert reason(ACTIVE, FONTAINE, "rec:care", right="deposit").permit
    assert reason(CONSENTED, FONTAINE, "rec:care") == (True, 0, "team")
    clinical = [
        g for g in compute(ACTIVE, ["rec:care", "profile", "desk"], PACK) if "r" in g.rights
    ]
    assert {grant.principal for grant in clinical} <= {relation(SELF), relation(REPRESENTATIVE)}


def test_acc_04_a_named_consent_opens_to_one_person_until_it_ends():
    facts = ACTIVE._replace(named=(NamedConsent(DENTIST, OUTSIDE, "40", until=20),))
    assert reason(facts, DENTIST, "rec:care", unit=OUTSIDE) == (True, 0, "named")
    assert reason(facts, DENTIST, "rec:nodent", unit=OUTSIDE) == (False, 4, "matrix")
    assert not reason(facts, DENTIST, "rec:care", unit=OTHER_TEAM).permit
    row = next(
        g for g in compute(facts, ["rec:care"], PACK) if g.principal == person(DENTIST, OUTSIDE)
    )
    assert (row.rights, row.cause, row.until) == ("rw", "named", 20)
    assert not reason(living(facts, 20), DENTIST, "rec:care", unit=OUTSIDE).permit


def test_acc_06_a_block_wins_over_a_consent_and_leaves_the_deposit():
    facts = CONSENTED._replace(blocked=frozenset({FONTAINE}))
    assert reason(facts, FONTAINE, "rec:care") == (False, 2, "blocked")
    assert reason(facts, FONTAINE, "rec:care", right="deposit") == (True, 0, "deposit")


def test_gates_answer_in_order():
    blocked = CONSENTED._replace(state="closed", blocked=frozenset({NURSE}))
    assert reason(blocked, NURSE, "rec:doctor").gate == 1
    assert reason(blocked._replace(state="active"), NURSE, "rec:doctor").gate == 2
    assert reason(ACTIVE, NURSE, f"rec:doctor:m-{FONTAINE}").gate == 3
    assert reason(CONSENTED, NURSE, f"rec:doctor:m-{FONTAINE}").gate == 4
    assert reason(CONSENTED, LEMAIRE, f"rec:doctor:m-{NURSE}") == (False, 5, "masked")
    assert reason(CONSENTED, FONTAINE, f"rec:doctor:m-{NURSE}") == (True, 0, "attending")


def test_the_attending_doctors_exception_falls_with_gate_3():
    masked = f"rec:care:m-{NURSE}"
    for facts in (ACTIVE, CONSENTED):
        reads = {g.principal for g in compute(facts, [masked], PACK) if "r" in g.rights}
        assert (person(FONTAINE, TEAM) in reads) == bool(facts.teams)


def test_a_masked_document_stays_hidden_when_the_glass_is_broken():
    facts = ACTIVE._replace(emergencies=(Emergency(LEMAIRE, OUTSIDE, "10", BREAK_GLASS, 20),))
    assert reason(facts, LEMAIRE, "rec:care", unit=OUTSIDE) == (True, 0, "emergency")
    assert reason(facts, LEMAIRE, f"rec:care:m-{NURSE}", unit=OUTSIDE) == (False, 5, "masked")
    off = facts._replace(break_glass=False)
    assert reason(off, LEMAIRE, "rec:care", unit=OUTSIDE) == (False, 3, "no_consent")


def test_the_two_emergency_switches_are_independent():
    only_15 = Facts(break_glass=False, centre_15=True)
    assert may_open(only_15, BREAK_GLASS, "10", PACK) == (False, 3, "switch_off")
    assert may_open(only_15, CENTRE_15, "10", PACK).permit
    assert may_open(only_15, CENTRE_15, "60", PACK) == (False, 4, "matrix")
    assert may_open(Facts(), BREAK_GLASS, "60", PACK).permit
    assert may_open(Facts(state="closed"), BREAK_GLASS, "60", PACK).gate == 1
    assert not may_open(Facts(), "curiosity", "10", PACK).permit


def test_a_right_without_end_outlives_the_row_only_through_a_new_computation():
    facts = ACTIVE._replace(teams=(TeamConsent(TEAM, until=20),))
    row = next(g for g in compute(facts, ["rec:care"], PACK) if g.principal == member(TEAM, "10"))
    assert (row.rights, row.cause, row.until) == ("rwd", "consent+deposit", 20)
    after = compute(living(facts, 20), ["rec:care"], PACK)
    row = next(g for g in after if g.principal == member(TEAM, "10"))
    assert (row.rights, row.until) == ("d", None)


def test_principals_without_a_live_membership_are_the_relations_alone():
    assert principals(7, TEAM, "10", live=False, relations=["self"]) == {"r:self"}
    assert principals(7, TEAM, "10", live=True, relations=[]) == {"a:7:101", "m:101:10", "m:*"}


def test_the_public_directory_is_read_by_every_member_and_the_import_room_by_none():
    assert {(g.facet, g.principal, g.rights) for g in directory_grants()} == {
        ("public", ANY_MEMBER, "r")
    }


def test_after_closure_only_the_practice_keeps_its_own_file():
    facts = CONSENTED._replace(state="closed")
    grants = compute(facts, FACETS, PACK)
    assert {(g.facet, g.rights) for g in grants} == {(f"own-{TEAM}", "r")}
    assert {g.principal for g in grants} == {member(TEAM, p) for p in PACK.professions}


def readers(facts, facet):
    return {g.principal for g in compute(facts, [facet], PACK) if "r" in g.rights}


READERS = {
    "author": person(NURSE, TEAM),
    "attending": person(FONTAINE, TEAM),
    "team": member(TEAM, "10"),
    "patient": relation(SELF),
    "representative": relation(REPRESENTATIVE),
}


@pytest.mark.parametrize(
    ("facet", "who"),
    [
        ("rec:care", "team patient representative"),
        ("rec:care:np", "team"),
        ("rec:care:nr", "team patient"),
        (f"rec:care:m-{NURSE}", "author attending patient representative"),
        (f"rec:care:m-{NURSE}:nr", "author attending patient"),
        (f"rec:doctor:a-{NURSE}", "author team patient representative"),
        (f"rec:doctor:a-{NURSE}:np", "author team"),
        (f"rec:doctor:a-{NURSE}:nr", "author team patient"),
        ("rec:closed", "patient representative"),
        ("profile", "team patient representative"),
        ("profile:nr", "team patient"),
        ("visits", "team patient representative"),
        ("visits:nr", "team patient"),
        ("identity", "team patient representative"),
        ("desk", "team"),
        ("access", "patient representative"),
        ("access:np", ""),
        ("access:nr", "patient"),
    ],
)
def test_acc_01_who_reads_what_under_each_label(facet, who):
    found = readers(CONSENTED, facet)
    assert {name for name, principal in READERS.items() if principal in found} == set(who.split())


def test_the_attending_doctors_exception_does_not_reach_what_no_doctor_reads():
    assert person(FONTAINE, TEAM) in readers(CONSENTED, f"rec:doctor:m-{NURSE}")
    assert person(FONTAINE, TEAM) not in readers(CONSENTED, f"rec:closed:m-{NURSE}")


def test_the_desk_is_the_teams_and_the_named_secretarys_of_a_unit_that_knows_the_patient():
    facts = CONSENTED._replace(
        delegates=(Delegation(SECRETARY, TEAM), Delegation(SECRETARY, OUTSIDE))
    )
    found = readers(facts, "desk")
    assert found == {person(SECRETARY, TEAM)} | {member(TEAM, p) for p in PACK.professions}


def test_the_front_desk_sees_the_visits_before_the_doctor_has_consent():
    front_desk = {member(TEAM, p) for p in PACK.secretaries}
    assert readers(ACTIVE, "visits") == front_desk | {relation(SELF), relation(REPRESENTATIVE)}


def test_an_opened_emergency_reads_until_its_end_and_never_writes():
    facts = ACTIVE._replace(emergencies=(Emergency(NURSE, OUTSIDE, "60", BREAK_GLASS, 20),))
    rows_of = [
        g for g in compute(facts, ["rec:care"], PACK) if g.principal == person(NURSE, OUTSIDE)
    ]
    assert [(g.rights, g.cause, g.until) for g in rows_of] == [("r", "break_glass", 20)]

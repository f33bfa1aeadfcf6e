"""Finding a patient, a document, an action."""

import pytest

from practitioner_app.services import search
from practitioner_app.services.search import Action, SearchService
from tests.builders import OTHER_OWNER, OWNER, a_patient, a_problem
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore

LETTER = Action(key="letter", title="Écrire un courrier au cardiologue", needs_patient=True)
LOCK = Action(key="lock", title="Verrouiller", words="lock F12")


@pytest.fixture
def store():
    store = MemoryRecordStore()
    store.hold(1, a_patient("a", birth_name="ROUSSEAU", birth_givens=("JEAN",), used_given=""))
    store.hold(
        2,
        a_patient(
            "b",
            birth_name="ROUSSEAU",
            birth_givens=("JEAN",),
            used_given="",
            birth_date="1978-04-18",
            ins="",
        ),
    )
    store.hold(OWNER, a_patient())
    store.hold(OWNER, a_problem("c1", "Cardiopathie"))
    store.hold(OTHER_OWNER, a_patient("p2", birth_name="CARDIOT"))
    store.hold(OTHER_OWNER, a_problem("c2", "cardiomyopathie"))
    return store


@pytest.fixture
def service(store):
    return SearchService(store, ManualClock())


def test_hz01_homonyms_say_so_and_have_a_second_identifier(service):
    found = service.patients("rousseau")
    assert [(hit.homonym, hit.birth_date) for hit in found] == [
        (True, "1958-07-14"),
        (True, "1978-04-18"),
    ]
    assert [hit.homonym for hit in service.patients("martineau")] == [False]


def test_the_palette_groups_the_open_record_first_and_says_how_many(service):
    found = service.find("cardio", open_owner=OWNER, actions=(LETTER, LOCK))
    assert [hit.owner for hit in found.here] == [OWNER]
    assert [action.key for action in found.actions] == ["letter"]
    assert [hit.family for hit in found.patients] == ["CARDIOT"]
    assert [hit.owner for hit in found.elsewhere] == [OTHER_OWNER]
    assert found.elsewhere[0].patient is not None
    assert found.elsewhere[0].patient.family == "CARDIOT"
    assert (found.here_total, found.elsewhere_total) == (1, 1)


def test_every_document_shown_quotes_its_match_whoever_else_bears_the_word(service, store):
    for n in range(8):
        store.hold(20 + n, a_patient(f"n{n}", birth_name="CARDION"))
        store.hold(20 + n, a_problem(f"d{n}", "Cardiopathie", since=f"200{n}-01-01"))
        store.hold(OWNER, a_problem(f"h{n}", "Cardiomégalie"))
    found = service.find("cardio", open_owner=OWNER)
    assert (len(found.here), len(found.elsewhere)) == (search.SHOWN, search.SHOWN)
    assert all("ardio" in hit.excerpt for hit in (*found.here, *found.elsewhere))


def test_an_action_on_a_patient_needs_one_open(service):
    assert service.find("courrier", open_owner=None, actions=(LETTER, LOCK)).actions == ()
    assert service.find("lock", open_owner=None, actions=(LETTER, LOCK)).actions == (LOCK,)


def test_no_words_find_nothing(service):
    assert service.find("   ", open_owner=OWNER).patients == ()


@pytest.mark.parametrize(
    ("text", "words", "spans"),
    [
        ("Écho cardiaque", "echo", ((0, 4),)),
        ("Compte rendu de cardiologie", "card comp", ((0, 4), (16, 20))),
        ("BERTHELOT", "cardio", ()),
        ("Œdème", "oed", ()),
        ("anna ann", "an ann", ((0, 3), (5, 8))),
    ],
)
def test_matches_are_marked_where_a_word_begins(text, words, spans):
    assert search.spans(text, words) == spans


@pytest.mark.parametrize("words", ['" OR 1', "secret:VIP", "*", "NEAR(", "O'Brien"])
def test_d12_odd_queries_are_only_words(service, words):
    service.find(words, open_owner=OWNER, actions=(LOCK,))
    assert all(char.isalnum() for token in search.tokens(words) for char in token)

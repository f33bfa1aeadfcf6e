"""The head of a printed page comes from the directory of this device; nothing of it is invented."""

from practitioner_app.services.letterheads import LetterheadService
from practitioner_app.services.writing import Actor
from server.demonstration import clinic
from tests.fakes.record_store import MemoryRecordStore

DIRECTORY = 77
ME = Actor(account=1, acting="s", name="Dr Claire FONTAINE", reference="Practitioner/ps-fontaine")


def a_store():
    store = MemoryRecordStore()
    listed = [*clinic.directory(), *clinic.organisations()]
    store.hold(DIRECTORY, *listed)
    store.hold_people(*listed)
    return store


def test_the_demonstration_says_who_writes_and_from_where():
    heading = LetterheadService(a_store(), ME, "Maison de santé du Port").mine()
    assert heading.writer.name == "Dr Claire FONTAINE"
    assert heading.writer.speciality == "Médecin généraliste"
    assert heading.writer.rpps == "99900000011"
    assert heading.billing == "990000011"
    assert heading.house.name == "Maison de santé du Port"
    assert heading.house.lines == ("12 quai des Tilleuls", "44990 Saint-Exemple-sur-Loire")
    assert heading.house.city == "Saint-Exemple-sur-Loire"
    assert heading.house.telephone == "02 61 91 00 10"


def test_what_the_directory_does_not_say_is_left_out():
    heading = LetterheadService(MemoryRecordStore(), ME, "Cabinet des Halles").mine()
    assert heading.writer.name == "Dr Claire FONTAINE"
    assert heading.house.name == "Cabinet des Halles"
    assert not heading.writer.rpps + heading.billing + heading.house.telephone
    assert heading.house.lines == ()


def test_nobody_without_a_reference_gets_the_head_of_another():
    nameless = Actor(account=1, acting="s", name="Dr Anne DURAND")
    heading = LetterheadService(a_store(), nameless, "").mine()
    assert heading.writer.name == "Dr Anne DURAND"
    assert not heading.billing
    assert not heading.house.name

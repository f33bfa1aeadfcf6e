"""Pro Santé Connect: who comes back is who the account says, whatever the provider or who plays it says (F1)."""

import hashlib
from typing import Any

import msgspec
import pytest
from joserfc.jwk import RSAKey

from dossier.errors import BadAnswer, Refused
from dossier.identity import systems
from dossier.sealing import devices as device_keys
from dossier.sealing.text import base64url
from dossier.wire import limits
from dossier.wire.sessions import EnrolRequest
from server.services.accounts import Person
from server.services.desktop_codes import Wish
from server.services.pro_sante_connect import Client, Identified, ProSanteConnect, Returned, rpps_of
from server.services.recognised import FIRST, PRO_SANTE_CONNECT, Recognised
from tests.fakes.openid_provider import (
    BACK,
    CLIENT,
    FINESS,
    ISSUER,
    RPPS,
    SECRET,
    SIRET,
    OpenIdProvider,
    exercising,
)
from tests.fakes.server_room import DOCTOR, HERE, NURSE, PASSWORD, ServerRoom

OTHER_RPPS = "99900001019"
VERIFIER = b"v" * 43
WISH = Wish(purpose="enrol", challenge="c" * 43, key="k" * 43, state="s" * 43, port=4321)


class Journey:
    """A server, a provider, and browsers that go there and back."""

    def __init__(self, room: ServerRoom) -> None:
        self.room = room
        self.provider = OpenIdProvider(self.room.clock)
        self.service = ProSanteConnect(
            self.room.premises,
            self.room.accounts,
            self.room.members,
            self.room.slips,
            self.provider,
            Client(ISSUER, CLIENT, SECRET, BACK),
            testing=False,
        )
        martin = Person(login="martin", display_name="Dr Martin", rpps=RPPS)
        self.martin = self.room.account(martin)
        self.here = self.works(self.martin, "org-1", FINESS)

    def works(self, account: int, rid: str, finess: str = "", profession: str = DOCTOR) -> str:
        """A membership in an organisation of this number; its situation."""
        numbers = [{"system": systems.FINESS, "value": finess}] if finess else []
        body = {"resourceType": "Organization", "id": rid, "name": rid, "identifier": numbers}
        unit = self.room.run(self.room.members.find_unit(rid))
        if unit is None:
            unit = self.room.run(self.room.members.create_unit(msgspec.json.encode(body))).unit
        return self.room.run(self.room.members.add(account, unit, profession))

    def leave(self) -> tuple[str, str, str]:
        """(what the browser keeps, state, code) once its person signed in there."""
        leaving = self.room.run(self.service.leave(WISH, "fr"))
        return (leaving.kept, *self.provider.signed_in(leaving.address))

    def back(self, kept: str, state: str, code: str, issuer: str = "") -> Returned:
        return self.room.run(self.service.come_back(kept, state, code, issuer))


@pytest.fixture
def journey(engine: Any) -> Journey:
    return Journey(engine.room())


def test_f1_a_professional_of_the_register_signs_in_to_their_own_account(journey: Journey) -> None:
    assert journey.back(*journey.leave(), ISSUER) == Returned(
        Recognised(journey.martin, FIRST, PRO_SANTE_CONNECT, (journey.here,)), WISH
    )
    assert journey.back(*journey.leave()) == Returned(
        Recognised(journey.martin, FIRST, PRO_SANTE_CONNECT, (journey.here,)), WISH
    )


def test_f1_nobody_is_made_an_account_or_given_another_ones(journey: Journey) -> None:
    journey.provider.rpps = OTHER_RPPS
    with pytest.raises(Refused, match="psc_unknown"):
        journey.back(*journey.leave())
    other = journey.room.account(Person(login="diallo", display_name="Dr Diallo", rpps=OTHER_RPPS))
    journey.works(other, "org-1")
    assert journey.back(*journey.leave()).who.account == other
    journey.room.run(journey.room.accounts.close(other))
    with pytest.raises(Refused, match="psc_unknown"):
        journey.back(*journey.leave())


PALIER = "APPPRIP3^1.2.250.1.213.1.5.1.1.1"


@pytest.mark.parametrize(("said", "kept"), [(PALIER, PALIER), ("", ""), ("A" * 200, "A" * 64)])
def test_f1_the_journal_of_the_account_says_at_which_level_its_person_was_identified(
    journey: Journey, said: str, kept: str
) -> None:
    journey.provider.person = {"Palier_Authentification": said}
    journey.back(*journey.leave())
    (line,) = [one for one in journey.room.lines(journey.martin) if one.action == "identified"]
    assert (line.kind, line.reason, line.account) == ("pro_sante_connect", kept, 0)


FORGED: dict[str, dict[str, Any]] = {
    "iss": {"iss": "https://auth.provider.example/realms/other"},
    "aud": {"aud": "another client"},
    "aud_several": {"aud": [CLIENT, "another client"]},
    "azp": {"azp": "another client"},
    "exp": {"exp": 1},
    "iat_old": {"iat": 1_700_000_000},
    "iat_future": {"iat": 4_000_000_000, "exp": 4_000_000_600},
    "nbf": {"nbf": 4_000_000_000},
    "nonce": {"nonce": "of another journey"},
    "nonce_missing": {"nonce": None},
    "acr": {"acr": "eidas0"},
    "acr_missing": {"acr": None},
    "at_hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "auth_time": {"auth_time": 1_700_000_000},
    "sub_other": {"sub": "f:1:somebody-else"},
    "sub_missing": {"sub": None},
    "text_for_number": {"exp": "soon"},
}


WHY = {"aud_several": "aud", "iat_old": "iat", "iat_future": "iat", "acr_missing": "acr"}
WHY |= {"nonce_missing": "token", "sub_missing": "token", "text_for_number": "token"}
WHY |= {"sub_other": "sub"}


@pytest.mark.parametrize("name", FORGED)
def test_f1_an_id_token_with_one_wrong_claim_is_refused(journey: Journey, name: str) -> None:
    journey.provider.claims = FORGED[name]
    with pytest.raises(Refused) as refused:
        journey.back(*journey.leave())
    assert (refused.value.code, refused.value.detail) == ("psc_failed", WHY.get(name, name))
    journey.provider.claims = {}
    assert journey.back(*journey.leave()).who.account == journey.martin


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_f1_a_token_may_not_choose_how_it_is_checked(journey: Journey, alg: str) -> None:
    journey.provider.alg = alg
    with pytest.raises(Refused) as refused:
        journey.back(*journey.leave())
    assert (refused.value.code, refused.value.detail) == ("psc_failed", "alg")


def test_f1_a_token_signed_by_another_key_of_the_same_name_is_refused(journey: Journey) -> None:
    journey.provider.signer = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    with pytest.raises(Refused) as refused:
        journey.back(*journey.leave())
    assert refused.value.detail == "token"


def test_f1_a_new_key_of_the_provider_is_learnt_once_and_a_flood_of_names_asks_little(
    journey: Journey,
) -> None:
    assert journey.back(*journey.leave()).who.account == journey.martin
    journey.room.clock.go(minutes=2)
    journey.provider.rotate("two")
    assert journey.back(*journey.leave()).who.account == journey.martin
    asked = [url for url in journey.provider.asked if url.endswith("/keys")]
    assert len(asked) == 2
    for number in range(5):
        journey.provider.kid = f"unknown-{number}"
        with pytest.raises(Refused):
            journey.back(*journey.leave())
    assert [url for url in journey.provider.asked if url.endswith("/keys")] == asked
    assert len([url for url in journey.provider.asked if "well-known" in url]) == 1


def test_f1_a_journey_serves_once_and_ten_minutes_and_its_own_browser(journey: Journey) -> None:
    kept, state, code = journey.leave()
    assert journey.back(kept, state, code).who.account == journey.martin
    _, again = journey.provider.signed_in(address_with(journey, state))
    with pytest.raises((Refused, BadAnswer)):
        journey.back(kept, state, code)
    with pytest.raises((Refused, BadAnswer)):
        journey.back(kept, state, again)
    kept, state, code = journey.leave()
    other, _, _ = journey.leave()
    for wrong in ((other, state, code), (kept, "x", code), ("", state, code), (kept, state, "")):
        with pytest.raises(Refused, match="state"):
            journey.back(*wrong)
    with pytest.raises(Refused, match="state"):
        journey.back(kept, state, code, "https://evil.example")
    journey.room.clock.go(minutes=10)
    with pytest.raises(Refused, match="late"):
        journey.back(kept, state, code)


def address_with(journey: Journey, state: str) -> str:
    leaving = journey.room.run(journey.service.leave(WISH, "fr"))
    head, _, query = leaving.address.partition("?")
    kept = [f"state={state}" if one.startswith("state=") else one for one in query.split("&")]
    return f"{head}?{'&'.join(kept)}"


@pytest.mark.parametrize(
    "person",
    [
        {"sub": "f:1:somebody-else"},
        {"SubjectNameID": RPPS},
        {"SubjectNameID": "ANS20251234567"},
        {"SubjectNameID": "899900001002"},
        {"SubjectNameID": "099900001001"},
        {"SubjectNameID": " 8 99900001001"},
        {"SubjectNameID": 899900001001},
        {"preferred_username": f"8{OTHER_RPPS}"},
        {"otherIds": [{"identifiant": OTHER_RPPS, "origine": "RPPS"}]},
    ],
)
def test_f1_claims_that_contradict_or_are_no_number_of_the_register_are_refused(
    journey: Journey, person: dict[str, Any]
) -> None:
    journey.provider.person = person
    with pytest.raises((Refused, BadAnswer)):
        journey.back(*journey.leave())


@pytest.mark.parametrize(
    "published",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://auth.provider.example/token"},
        {"jwks_uri": "http://127.0.0.1/keys"},
        {"userinfo_endpoint": "https://me@auth.provider.example/userinfo"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
    ],
)
def test_f1_a_provider_that_publishes_an_unsafe_address_is_not_asked(
    journey: Journey, published: dict[str, Any]
) -> None:
    journey.provider.published = published
    with pytest.raises((Refused, BadAnswer)):
        journey.leave()
    assert journey.provider.asked == [f"{ISSUER}/.well-known/openid-configuration"]


def test_the_number_is_read_from_the_claim_alone() -> None:
    person = msgspec.convert({"sub": "x", "SubjectNameID": f"8{RPPS}"}, Identified)
    assert rpps_of(person, testing=False) == RPPS


# --- in which situation -------------------------------------------------------------------------------------

HOSPITAL = "990000119"
CONFIRMED: dict[str, dict[str, Any]] = {
    "FINESS of the place": {"SubjectRefPro": exercising(numeroFinessSite=FINESS)},
    "FINESS of the legal body": {
        "SubjectRefPro": exercising(numeroFinessetablissementJuridique=FINESS)
    },
    "the structure chosen there": {
        "SubjectRefPro": {},
        "SubjectOrganizationID": f"1{FINESS}",
        "SubjectRole": ["10^1.2.250.1.71.1.2.7"],
    },
}


@pytest.mark.parametrize("name", CONFIRMED)
def test_f1_a_membership_is_opened_where_the_claims_name_place_and_profession(
    journey: Journey, name: str
) -> None:
    journey.works(journey.martin, "org-2", HOSPITAL)
    journey.works(journey.martin, "org-3")
    journey.works(journey.martin, "org-1", profession=NURSE)
    journey.provider.person = CONFIRMED[name]
    assert journey.back(*journey.leave()).who.confirmed == (journey.here,)


def test_f1_several_exercises_open_each_membership_they_confirm(journey: Journey) -> None:
    there = journey.works(journey.martin, "org-2", HOSPITAL, NURSE)
    two = [
        *exercising(numeroFinessSite=FINESS)["exercices"],
        *exercising(NURSE, numeroFinessSite=HOSPITAL)["exercices"],
    ]
    journey.provider.person = {"SubjectRefPro": {"exercices": two}}
    assert set(journey.back(*journey.leave()).who.confirmed or ()) == {journey.here, there}


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({}, "psc_nowhere"),
        ({"exercices": []}, "psc_nowhere"),
        (exercising(), "psc_nowhere"),
        (exercising(numeroFinessSite=HOSPITAL), "psc_nowhere"),
        (exercising(numeroSirenSite=SIRET[:9]), "psc_nowhere"),
        (exercising(numeroFinessSite="not a number"), "psc_nowhere"),
        (exercising("60", numeroFinessSite=FINESS), "psc_profession"),
        (exercising("", numeroFinessSite=FINESS), "psc_profession"),
    ],
)
def test_f1_claims_that_confirm_no_membership_open_none_and_say_why(
    journey: Journey, claims: dict[str, Any], code: str
) -> None:
    journey.provider.person = {"SubjectRefPro": claims}
    with pytest.raises(Refused, match=code):
        journey.back(*journey.leave())


def test_f1_a_membership_that_ended_is_confirmed_by_no_claim(journey: Journey) -> None:
    journey.room.run(journey.room.members.end(journey.martin, journey.here))
    with pytest.raises(Refused, match="psc_nowhere"):
        journey.back(*journey.leave())


def test_f1_a_number_the_operator_adds_later_to_the_directory_confirms(journey: Journey) -> None:
    there = journey.works(journey.martin, "org-2")
    journey.provider.person = {"SubjectRefPro": exercising(numeroSiretSite=SIRET)}
    with pytest.raises(Refused, match="psc_nowhere"):
        journey.back(*journey.leave())
    number = {"system": systems.SIRENE, "value": SIRET}
    told = {"resourceType": "Organization", "id": "org-2", "name": "x", "identifier": [number]}
    body = msgspec.json.encode(told)
    journey.room.run(journey.room.directory.publish([("Organization", "org-2", body)]))
    assert journey.back(*journey.leave()).who.confirmed == (there,)


def test_f1_a_device_enrolled_by_it_opens_the_situations_it_confirmed_and_no_other(
    journey: Journey,
) -> None:
    """Until its person shows password and digits, which open each of theirs."""
    room, there = journey.room, journey.works(journey.martin, "org-2")
    who = journey.back(*journey.leave()).who
    private = device_keys.new_private_key(room.entropy)
    public = device_keys.public_key(private)
    wish = Wish(
        purpose="enrol", challenge=hashed(VERIFIER), key=hashed(public), state="s" * 43, port=4321
    )
    page = room.run(room.slips.give(who, "page", b"", 600_000))
    address = room.run(room.codes.give(room.run(room.slips.read("page", page)), wish))
    code = address.partition("code=")[2].partition("&")[0]
    shown = room.presented("", private, limits.ENROL_PATH)
    asked = EnrolRequest(
        device_name="poste", public_key=base64url(public), code=code, verifier=VERIFIER.decode()
    )
    told = room.run(room.devices.enrol(asked, HERE, shown))
    assert [one.id for one in told.situations] == [journey.here]
    assert room.signed_in(told.device, private, journey.here).token
    with pytest.raises(Refused, match="situation_not_confirmed"):
        room.signed_in(told.device, private, there)
    code = room.authenticator.code("martin")
    by_password = room.signed_in(told.device, private, there, password=PASSWORD, proof=code)
    assert by_password.token


def hashed(raw: bytes) -> str:
    return base64url(hashlib.sha256(raw).digest())

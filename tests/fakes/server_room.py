"""The whole server in memory: every service wired over MemoryStore, one practice, as many desktops as asked."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from dossier.access.matrix import MatrixPack
from dossier.access.policy import load_policy
from dossier.entropy import Entropy, SeededEntropy
from dossier.errors import Issue, Refused
from dossier.ids import uuid7
from dossier.sealing import devices as device_keys
from dossier.sealing.text import base64url
from dossier.wire import limits
from dossier.wire import messages as wire
from dossier.wire.sessions import EnrolReply, EnrolRequest, TokenReply, TokenRequest
from server.ports import KeyStore, Store
from server.services import journal
from server.services.access import Access
from server.services.accounts import Accounts, Person
from server.services.attempts import Attempts
from server.services.changes import Changes
from server.services.consenting import Consenting
from server.services.copies import Copies
from server.services.credentials import Credentials
from server.services.deciding import Tools
from server.services.desktop_codes import DesktopCodes
from server.services.devices import Devices, Said
from server.services.directory import Directory
from server.services.erasures import Erasures
from server.services.facets import ACCESS
from server.services.families import Families
from server.services.feed import Feed
from server.services.importing import Importer
from server.services.indexer import Indexer
from server.services.issuing import PROOF_NEEDED
from server.services.labels import Labels
from server.services.members import Members
from server.services.orders import Orders
from server.services.passkeys import Passkeys
from server.services.patients import Patients
from server.services.premises import Premises, open_premises
from server.services.proofs import Presented, Proofs
from server.services.record import Records
from server.services.sealer import Sealer
from server.services.session import Session, Sessions
from server.services.slips import Slips
from server.store.hints import RecordingHintBoard
from server.store.keystore import MemoryKeyStore
from server.store.memory import MemoryStore
from server.store.units import drive
from tests.fakes.authenticator import SEED, Authenticator
from tests.fakes.proving import presented

T = TypeVar("T")
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DOCTOR, NURSE, SECRETARY = "10", "60", "331"
PASSWORD = "correct horse battery"
HERE = "192.0.2.7"
"""The address everybody signs in from."""


class SteppingClock:
    """Stands still until it is told to go. `wrong_by`: what somebody set it on or back."""

    def __init__(self, start: datetime = MONDAY) -> None:
        self.instant = start
        self.wrong_by = timedelta()

    def now(self) -> datetime:
        return self.instant + self.wrong_by

    def monotonic(self) -> float:
        return (self.instant - MONDAY).total_seconds()

    def go(self, **step: float) -> None:
        self.instant += timedelta(**step)


class PlainPasswords:
    """Records that are the password itself; counts the checks, and those made without a record."""

    def __init__(self) -> None:
        self.checks = self.blank_checks = 0

    async def record(self, password: str) -> str:
        return password

    async def is_right(self, password: str, record: str | None) -> bool:
        self.checks += 1
        self.blank_checks += record is None
        return password == record


def anything(_rtype: str, _value: dict[str, Any]) -> Sequence[Issue]:
    """A validator that accepts every resource."""
    return ()


@dataclass
class Desktop:
    """One enrolled device of one person, signed in to one situation."""

    account: int
    device: str
    private: bytes
    situation: str
    session: Session
    practitioner: str


class ServerRoom:
    """Built over any store; `run` finishes a coroutine (by default without an event loop).

    `fit` may put other pieces in the place of those the premises were opened with.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        store: Store | None = None,
        keys: KeyStore | None = None,
        sealer: Sealer | None = None,
        pack: MatrixPack | None = None,
        validate: Any = anything,
        run: Callable[[Any], Any] = drive,
        fit: Callable[[Premises], Premises] = lambda premises: premises,
    ) -> None:
        self._run = run
        self.clock = SteppingClock()
        self.entropy: Entropy = SeededEntropy(seed)
        self.store: Any = store or MemoryStore()
        self.keys: Any = keys or MemoryKeyStore(SeededEntropy(seed + 1000))
        opened = open_premises(
            self.store,
            self.keys,
            self.clock,
            self.entropy,
            pack or MatrixPack.load(),
            load_policy(),
            sealer,
        )
        self.premises: Premises = fit(self.run(opened))
        self.hints = RecordingHintBoard()
        self.passwords = PlainPasswords()
        self.directory = Directory(self.premises)
        self.accounts = Accounts(self.premises)
        self.members = Members(self.premises, self.directory)
        self.authenticator = Authenticator(self.clock)
        self.attempts = Attempts(self.premises)
        self.credentials = Credentials(
            self.premises, self.accounts, self.members, self.passwords, self.attempts
        )
        self.access = Access(self.premises)
        self.consenting = Consenting(self.premises, self.access, self.accounts, self.members)
        self.tools = Tools(self.premises, self.access, self.consenting, validate)
        self.copies = Copies(self.premises)
        self.feed = Feed(self.premises, self.copies)
        self.changes = Changes(self.tools, self.copies)
        self.patients = Patients(self.premises)
        self.importer = Importer(
            self.tools, self.directory, self.patients, self.accounts, self.members
        )
        self.indexer = Indexer(self.premises, self.access, self.hints)
        self.records = Records(self.premises)
        self.labels = Labels(self.premises, self.access)
        self.sessions = Sessions(self.premises)
        self.slips = Slips(self.premises)
        self.passkeys = Passkeys(self.premises, self.accounts, self.slips)
        self.codes = DesktopCodes(self.slips)
        key = self.run(self.keys.secret("order"))
        self.proofs = Proofs(self.premises)
        self.devices = Devices(
            self.premises,
            self.accounts,
            self.members,
            self.credentials,
            self.codes,
            self.proofs,
            Said("test server", bytes(32)),
        )
        self.families = Families(
            self.premises,
            self.members,
            self.credentials,
            self.devices,
            self.codes,
            Orders(self.premises, key),
            self.proofs,
        )
        self.erasures = Erasures(self.premises, self.devices, (device_keys.public_key(key),))

    def lines(self, owner: int) -> list[journal.Entry]:
        """The journal of one owner's access, the oldest first."""
        tag = self.premises.tags.tag(owner, ACCESS)
        rows = self.run(self.store.read(owner, lambda tx: tx.journal.of_facets([tag], 99)))
        return [self.run(journal.read_row(self.premises, owner, row)) for row in rows]

    def run(self, work: Awaitable[T]) -> T:
        """Finish a piece of work: at once, or on the loop given."""
        done: T = self._run(work)
        return done

    def settle(self) -> None:
        """Every duty that is due is done."""
        self.run(self.indexer.drain())

    def unit(self, rid: str = "org-1", name: str = "Cabinet du Parc") -> int:
        body = msgspec.json.encode({"resourceType": "Organization", "id": rid, "name": name})
        return self.run(self.members.create_unit(body)).unit

    def desktop(
        self, login: str, unit: int, profession: str = DOCTOR, practitioner: str = ""
    ) -> Desktop:
        """A new person with one membership, one device, signed in."""
        practitioner = practitioner or f"pra-{login}"
        person = Person(login=login, display_name=f"Dr {login}", practitioner=practitioner)
        account = self.account(person)
        situation = self.run(self.members.add(account, unit, profession))
        return self.enrolled(login, account, situation, practitioner)

    def account(self, person: Person, kind: str = "practitioner") -> int:
        """A person who can sign in."""
        account = self.run(self.accounts.create(person, kind))
        self.run(self.credentials.provide(account, PASSWORD, SEED))
        return account

    def enrolment(self, login: str, public_key: str, **more: str) -> EnrolRequest:
        """What a desktop asks with the right password and the next code."""
        said = {"password": PASSWORD, "device_name": "poste 1", "public_key": public_key} | more
        if "proof" not in said:
            said["proof"] = self.authenticator.code(login)
        return EnrolRequest(login=login, **said)

    def enrol(
        self, login: str, private: bytes = b"", *, address: str = HERE, **more: str
    ) -> EnrolReply:
        """A device of this person, with a key of its own, makes itself known."""
        private = private or device_keys.new_private_key(self.entropy)
        public = base64url(device_keys.public_key(private))
        shown = self.presented("", private, limits.ENROL_PATH)
        asked = self.enrolment(login, public, **more)
        return self.run(self.devices.enrol(asked, address, shown))

    def enrolled(self, login: str, account: int, situation: str, practitioner: str) -> Desktop:
        private = device_keys.new_private_key(self.entropy)
        reply = self.enrol(login, private)
        token = self.token(reply.device, private, situation)
        session = self.run(self.sessions.resolve(token))
        return Desktop(account, reply.device, private, situation, session, practitioner)

    def presented(
        self, device: str, private: bytes, path: str, token: str = "", **other: Any
    ) -> Presented:
        """A proof of this device for one request; `other`: parts of it that are wrong."""
        return presented(self.proofs, private, device, path, self.entropy, token, **other)

    def signed_in(self, device: str, private: bytes, situation: str, **asked: str) -> TokenReply:
        """The tokens of a session of this device."""
        shown = self.presented(device, private, limits.TOKEN_PATH)
        request = TokenRequest(device=device, situation=situation, **asked)
        return self.run(self.families.token(request, shown))

    def token(self, device: str, private: bytes, situation: str) -> str:
        """An access token; the person shows who they are where that is asked."""
        try:
            return self.signed_in(device, private, situation).token
        except Refused as error:
            if error.code != PROOF_NEEDED:
                raise
        account = self.run(self.devices.account_of(device))
        assert account is not None
        login = self.run(self.accounts.person(account)).login
        code = self.authenticator.code(login)
        shown = self.signed_in(device, private, situation, password=PASSWORD, proof=code)
        return shown.token

    def patient(self, unit: int, rid: str = "pat-1", *, consent: str = "org-1", **more: Any) -> int:
        """An imported patient; `consent` names the organisation the patient's consent opens."""
        resources = [
            {
                "resourceType": "Patient",
                "id": rid,
                "name": [{"family": f"Durand {rid}", "given": ["Anne"]}],
                "birthDate": "1960-05-02",
                "gender": "female",
                **more,
            }
        ]
        if consent:
            resources.append(a_consent(rid, consent))
        entries = [{"resource": resource} for resource in resources]
        raw = msgspec.json.encode(
            {"resourceType": "Bundle", "type": "collection", "entry": entries}
        )
        report = self.run(self.importer.take(raw, for_unit=unit))
        assert not report.refused, report.refused
        self.settle()
        return report.owners[0]

    def op_id(self) -> str:
        return uuid7(self.clock, self.entropy)

    def create(
        self, desktop: Desktop, owner: int, resource: dict[str, Any], **more: Any
    ) -> wire.Op:
        return wire.Op(
            op_id=more.pop("op_id", None) or self.op_id(),
            owner=owner,
            kind="create",
            acting=desktop.situation,
            at="2026-11-23T08:00:00.000Z",
            rtype=resource["resourceType"],
            id=resource["id"],
            body=msgspec.Raw(msgspec.json.encode(resource)),
            **more,
        )

    def push(self, desktop: Desktop, *ops: wire.Op) -> tuple[wire.Verdict, ...]:
        reply = self.run(self.changes.push(desktop.session, wire.OpsRequest(ops=ops)))
        return reply.verdicts

    def pull(self, desktop: Desktop, owner: int) -> dict[str, bytes]:
        """Everything this desktop may read of an owner, from zero, as the feed gives it."""
        found: dict[str, bytes] = {}
        for page in self.pages(desktop, owner):
            for row in page.rows:
                assert row.body is not None
                found[f"{row.rtype}/{row.id}"] = row.body
        return found

    def pages(self, desktop: Desktop, owner: int) -> list[wire.Page]:
        heads = self.run(self.feed.heads(desktop.session, ""))
        assert heads is not None
        mine = [head for head in heads.heads if head.owner == owner and not head.gone]
        wants = tuple(wire.Want(owner=owner, facet=h.facet, term=h.term) for h in mine)
        pages: list[wire.Page] = []
        while wants:
            reply = self.run(self.feed.changes(desktop.session, wire.ChangesRequest(items=wants)))
            pages += reply.pages
            done = {(page.owner, page.facet): page for page in reply.pages}
            wants = tuple(
                w
                if (page := done.get((w.owner, w.facet))) is None
                else wire.Want(owner=w.owner, facet=w.facet, term=w.term, since=page.to)
                for w in wants
                if (w.owner, w.facet) not in done or done[w.owner, w.facet].more
            )
        return pages


def a_consent(patient: str, organisation: str, **more: Any) -> dict[str, Any]:
    """The initial consent to a care team, with date, author and wording."""
    return {
        "resourceType": "Consent",
        "id": more.pop("id", f"consent-{patient}-{organisation}"),
        "status": "active",
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "category": [{"coding": [{"code": "IDSCL"}]}],
        "patient": {"reference": f"Patient/{patient}"},
        "dateTime": "2026-11-20",
        "performer": [{"reference": f"Patient/{patient}"}],
        "policyRule": {"text": "J'autorise l'équipe à consulter mon dossier."},
        "provision": {
            "type": "permit",
            "actor": [
                {
                    "role": {"coding": [{"code": "PRCP"}]},
                    "reference": {"reference": f"Organization/{organisation}"},
                }
            ],
        },
        **more,
    }


def an_allergy(patient: str, rid: str, text: str = "Pénicilline") -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "id": rid,
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                    "code": "active",
                }
            ]
        },
        "patient": {"reference": f"Patient/{patient}"},
        "code": {"text": text},
    }


def a_document(patient: str, rid: str, code: str = "11488-4", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "id": rid,
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "content": [{"attachment": {"contentType": "text/plain"}}],
        **more,
    }

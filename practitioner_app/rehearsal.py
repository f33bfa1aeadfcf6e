"""What makes the trouble of the tour real: a cable that can be pulled, a clock that can be set on, and a
colleague who writes from a second device. For a demonstration server only; nothing is painted by hand.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.errors import Distrusted, Refused, SignInNeeded, Unreachable
from dossier.fhir.allergies import Allergy, NewAllergy
from dossier.fhir.medications import Dose, Drug, NewTreatment, Treatment
from dossier.sealing import devices, totp
from dossier.sealing.text import base64url
from dossier.wire.messages import Op, OpsRequest
from dossier.wire.sessions import EnrolReply, EnrolRequest
from practitioner_app.open_session import OpenSession
from practitioner_app.ports import ConflictCase, PendingOp, RecordReader
from practitioner_app.services.allergies import MarkAllergyErroneous, RecordAllergy
from practitioner_app.services.decoding import decode
from practitioner_app.services.medications import (
    STATEMENT,
    ReviseTreatment,
    StopTreatment,
    TreatmentService,
)
from practitioner_app.services.writing import Actor, Writer
from sync.proofs import HeldKey, begin, enrol
from sync.transport import RequestsTransport, Sent
from sync.vouching import Vouching

DEVICE_NAME: Final = "Cabinet 3"
SECOND: Final = "Portable de visite"
_AGENTS: Final = tuple(
    NewAllergy(agent=agent, reactions=(reaction,))
    for agent, reaction in (("latex", "urticaire"), ("arachide", "œdème"), ("iode", "urticaire"))
)
_MOMENT: Final = "le soir"
_NUMBER: Final = re.compile(r"\d[\d\s]*(?:[.,]\d+)?")


class AheadClock:
    """The machine's clock, some days on."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._ahead = clock, timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self._ahead

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def pass_days(self, days: int) -> None:
        """So many days go by at once."""
        self._ahead += timedelta(days=days)


class Cable:
    """Between this computer and its server; any thread may look."""

    def __init__(self) -> None:
        self.pulled = False
        self.is_crossed = False
        """Another server answers at its end."""


class CabledTransport(RequestsTransport):
    """The server through a cable: every exchange fails while it is pulled or ends elsewhere."""

    def __init__(
        self,
        cable: Cable,
        url: str,
        clock: Clock,
        *,
        vouching: Vouching | None,
        ca_file: Path | None,
    ) -> None:
        super().__init__(url, clock, vouching=vouching, ca_file=ca_file)
        self._cable = cable

    def _send(self, session: Any, sent: Sent) -> Any:
        if self._cable.pulled:
            raise Unreachable("cable")
        if self._cable.is_crossed:
            raise Distrusted("other_server")
        return super()._send(session, sent)


class SentAtOnce:
    """practitioner_app.ports.Outbox of the colleague: what is put goes to the server at once, or raises."""

    def __init__(self, send: Callable[[Op], None]) -> None:
        self._send = send

    def put(self, op: Op, *, shows: bytes = b"", saw: bytes = b"") -> None:  # noqa: ARG002 - the port's
        self._send(op)

    def together(self) -> AbstractContextManager[None]:
        """Each op is sent by itself."""
        return nullcontext()

    def withdraw(self, op_id: str) -> bool:  # noqa: ARG002 - the port's own signature
        return False

    def pending(self) -> Sequence[PendingOp]:
        return ()

    def conflicts(self) -> Sequence[ConflictCase]:
        return ()

    def settle(self, op_id: str) -> None:
        """Nothing waits here."""

    def discard_refused(self, op_id: str) -> None:
        """Nothing waits here."""


class Colleague:
    """Another doctor of the practice on a second device, who reads over our shoulder and writes there."""

    def __init__(self, server: str, clock: Clock, entropy: Entropy) -> None:
        self._transport = RequestsTransport(server, clock)
        self._clock, self._entropy = clock, entropy

    def enrols(self, account: "TourAccount", name: str, private: bytes) -> EnrolReply:
        """A computer more of this account, with a code that nobody used yet: three serve at any moment."""
        here = totp.step_of(self._clock.now())
        for step in range(here - 1, here + 2):
            asked = EnrolRequest(
                login=account.login,
                password=account.password,
                proof=totp.code_at(totp.read_seed(account.authenticator), step),
                device_name=name,
                public_key=base64url(devices.public_key(private)),
            )
            with suppress(SignInNeeded):
                return enrol(self._transport, asked, private, self._entropy)
        raise SignInNeeded("the codes of this half minute are used up")

    def arrives(self, account: "TourAccount", reader: RecordReader) -> TreatmentService:
        """Enrol, sign in; what is written with the service is at the server when it returns."""
        private = devices.new_private_key(self._entropy)
        known = self.enrols(account, DEVICE_NAME, private)
        situation = known.situations[0].id
        key = HeldKey(known.device, private)
        token = begin(self._transport, key, situation, self._entropy).token

        def send(op: Op) -> None:
            (verdict,) = self._transport.ops(token, OpsRequest(ops=(op,))).verdicts
            if verdict.code != "ok":
                raise Refused(verdict.reason or verdict.code)

        actor = Actor(
            account=known.account,
            acting=situation,
            name=known.display_name,
            reference=f"Practitioner/{known.practitioner}",
        )
        return TreatmentService(
            Writer(
                reader=reader,
                outbox=SentAtOnce(send),
                clock=self._clock,
                entropy=self._entropy,
                actor=actor,
            )
        )


class Rehearsal:
    """The acts of the tour, each blocking, on the write lane. Raises what the services raise."""

    def __init__(
        self,
        session: Callable[[], OpenSession | None],
        colleague: Colleague,
        secrets: "TourSecrets",
        cable: Cable,
        clock: AheadClock,
        entropy: Entropy,
    ) -> None:
        self._entropy = entropy
        self._session, self._colleague, self._secrets = session, colleague, secrets
        self._cable, self._clock = cable, clock

    def pull(self) -> None:
        """The cable is out; the server is missed at once."""
        self._cable.pulled, self._cable.is_crossed = True, False
        self._open().context.sync.now()

    def plug(self) -> None:
        """The cable is in again."""
        self._cable.pulled, self._cable.is_crossed = False, False
        self._open().context.sync.now()

    def misdirect(self) -> None:
        """Another server answers; it is noticed at once."""
        self._cable.pulled, self._cable.is_crossed = False, True
        self._open().context.sync.now()

    def pass_days(self, days: int) -> None:
        self._clock.pass_days(days)

    def identity(self) -> tuple[str, str, str]:
        """Login, password and the digits of the next half minute, which serve already and which nobody used."""
        own = self._secrets.own
        step = totp.step_of(self._clock.now()) + 1
        return own.login, own.password, totp.code_at(totp.read_seed(own.authenticator), step)

    def join(self) -> None:
        """A second computer of ours; the one of an earlier tour serves again."""
        computers = self._open().context.services.computers
        if any(one.name == SECOND for one in computers.own().devices):
            return
        private = devices.new_private_key(self._entropy)
        self._colleague.enrols(self._secrets.own, SECOND, private)

    def disagree(self, owner: int) -> None:
        """Two doctors change one treatment apart: the moment here, the dose there. What was done by an
        earlier tour stays as it is.
        """
        session = self._open()
        if session.reader.copy_facts().conflicts:
            return
        self._apart(owner)

    def be_refused(self, owners: Sequence[int]) -> None:
        """The same on the record of another patient, and a stop that depends on our change."""
        session = self._open()
        if session.reader.copy_facts().refused:
            return
        owner = next((one for one in owners if self._treatments(one)), None)
        if owner is None:
            raise Refused("no_treatment")
        line = self._apart(owner)
        today = self._clock.now().date().isoformat()
        session.context.services.treatments.stop(
            StopTreatment(owner=owner, id=line.id, on=today, reason="mal toléré")
        )

    def write(self, owner: int) -> None:
        """An allergy that waits to be sent: the first of a few that this record does not hold yet; once it
        holds them all, one of them turns out to have been entered in error.
        """
        session = self._open()
        if session.reader.copy_facts().pending:
            return
        rows = session.reader.rows(owner, ("AllergyIntolerance",))
        decoded: list[Any] = [decode(row.rtype, row.body) for row in rows]
        known = {one.agent: one.id for one in decoded if isinstance(one, Allergy) and one.counts}
        said = next((one for one in _AGENTS if one.agent not in known), None)
        allergies = session.context.services.allergies
        if said is not None:
            allergies.record(RecordAllergy(owner=owner, allergy=said))
            return
        wrong = known[_AGENTS[0].agent]
        allergies.mark_erroneous(
            MarkAllergyErroneous(owner=owner, id=wrong, reason="autre patient")
        )

    def _open(self) -> OpenSession:
        session = self._session()
        if session is None:
            raise Refused("locked")
        return session

    def _apart(self, owner: int) -> Treatment:
        """The colleague's change is at the server, ours waits for the cable."""
        session, line = self._open(), self._treatments(owner)[0]
        theirs = self._colleague.arrives(self._secrets.colleague, session.reader)
        theirs.revise(_revised(owner, line, quantity=Decimal("0.5"), posology=line.posology))
        ours = session.context.services.treatments
        ours.revise(_revised(owner, line, quantity=_number(line.dose), posology=_MOMENT))
        return line

    def _treatments(self, owner: int) -> list[Treatment]:
        """Lines one may change: going on, with a dose in figures, not taken in the evening already."""
        rows = self._open().reader.rows(owner, (STATEMENT,))
        decoded: list[Any] = [decode(row.rtype, row.body) for row in rows]
        return [
            one
            for one in decoded
            if isinstance(one, Treatment)
            and one.current
            and _number(one.dose) == 1
            and one.posology not in {"", _MOMENT}
        ]


def _number(text: str) -> Decimal | None:
    """`1` of `1 comprimé`, `1000` of `1 000 mg`; None where no number begins the text."""
    found = _NUMBER.match(text)
    return Decimal(re.sub(r"\s", "", found[0]).replace(",", ".")) if found else None


def _unit(text: str) -> str:
    found = _NUMBER.match(text)
    return text[found.end() :].strip() if found else ""


def _revised(
    owner: int, line: Treatment, *, quantity: Decimal | None, posology: str
) -> ReviseTreatment:
    drug = Drug(
        substance=line.substance,
        form=line.form,
        strength=_number(line.strength),
        strength_unit=_unit(line.strength),
    )
    dose = Dose(quantity=quantity, unit=_unit(line.dose), posology=posology)
    said = NewTreatment(drug=drug, dose=dose, reason=line.reason)
    return ReviseTreatment(owner=owner, id=line.id, treatment=said)


class TourAccount(Struct, frozen=True, kw_only=True):
    """How somebody of the demonstration signs in."""

    login: str
    password: str
    authenticator: str


class TourSecrets(Struct, frozen=True, kw_only=True):
    """What the tour types, who we and the colleague are, and who begins with a code; on standard input, of a
    demonstration only.
    """

    own: TourAccount
    colleague: TourAccount
    recovery_code: str
    newcomer: str
    activation_code: str

    @property
    def codes(self) -> tuple[str, str, str]:
        """The recovery code; the login of somebody new and the activation code they begin with."""
        return self.recovery_code, self.newcomer, self.activation_code


class Stage:
    """The clock and the way to the server of a tour, and the acts that use them."""

    def __init__(self, clock: Clock, entropy: Entropy, ca_file: Path | None) -> None:
        self.clock, self._cable = AheadClock(clock), Cable()
        self._plain_clock, self._entropy, self._ca_file = clock, entropy, ca_file

    def transport(self, server: str, vouching: Vouching | None = None) -> RequestsTransport:
        """The server through the cable."""
        return CabledTransport(
            self._cable, server, self.clock, vouching=vouching, ca_file=self._ca_file
        )

    def rehearsal(
        self, session: Callable[[], OpenSession | None], server: str, secrets: TourSecrets
    ) -> Rehearsal:
        """The acts, against this server."""
        colleague = Colleague(server, self._plain_clock, self._entropy)
        return Rehearsal(session, colleague, secrets, self._cable, self.clock, self._entropy)

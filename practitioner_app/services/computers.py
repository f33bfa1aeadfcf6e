"""The computers of one's own account: which they are, what was noticed, and ending one or what is open on it after a
fresh proof (security.md §5 row 40).
"""

from collections.abc import Callable
from typing import Final

from dossier.clock import Clock
from dossier.errors import Refused, Unreachable
from dossier.wire.limits import PROVE_PATH, REVOKE_PATH, SIGN_OUT_PATH
from dossier.wire.sessions import AlarmLine, DevicesReply, OwnDeviceRequest, ProveRequest
from practitioner_app.ports import ComputerServer, RequestProver, Settings

_LOOKED_AT: Final = "account_alarm"
_EARLY_S: Final = 15.0
"""A proof is taken for over so long before the server does."""


class ComputerService:
    """Blocks on the network. The token that follows a proof lives here alone.

    `settings` keep which alarm was looked at on this computer. `token`: the present one of the synchronisation; "" while the server did not prove itself in this session.
    """

    def __init__(
        self,
        server: Callable[[], ComputerServer],
        prover: RequestProver,
        device: str,
        token: Callable[[], str],
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._server, self._prover, self._device = server, prover, device
        self._token, self._clock, self._settings = token, clock, settings
        self._proven, self._until_s = "", 0.0

    @property
    def needs_proof(self) -> bool:
        """Must the person show who they are before the next act?"""
        return not self._proven or self._clock.monotonic() >= self._until_s

    def own(self) -> DevicesReply:
        """Every computer, the newest first. Raises Unreachable while the server was not met."""
        token = self._met()
        return self._server().own_devices(token)

    def alarm(self) -> AlarmLine | None:
        """The latest alarm about this account that was not looked at on this computer. Raises as `own`."""
        alarms = self.own().alarms
        looked_at = self._settings.get(_LOOKED_AT)
        return alarms[0] if alarms and alarms[0].at > looked_at else None

    def looked_at(self, alarm: AlarmLine) -> None:
        """The person was shown this alarm. For the write lane; raises StoreError kin."""
        self._settings.put(_LOOKED_AT, alarm.at)

    def end(self, device: str, shown: ProveRequest | None = None) -> DevicesReply:
        """Refuse a computer from now on; returns those that are. `shown`: password and digits, or what the person's
        browser brought back. Raises Refused: `proof_needed`, `wrong_proof`, `wrong_browser_proof`.
        """
        return self._act(REVOKE_PATH, device, shown)

    def sign_out(self, device: str, shown: ProveRequest | None = None) -> DevicesReply:
        """End what is open on a computer: it asks for its person. Raises as `end` does."""
        return self._act(SIGN_OUT_PATH, device, shown)

    def _act(self, path: str, device: str, shown: ProveRequest | None) -> DevicesReply:
        token, server = self._met(), self._server()
        if shown is not None:
            self._prove(server, token, shown)
        if self.needs_proof:
            raise Refused("proof_needed")
        proven = self._proven
        asking = OwnDeviceRequest(device=device)
        server.end_own(path, proven, asking, self._posting(server, path, proven))
        return server.own_devices(proven)

    def _prove(self, server: ComputerServer, token: str, shown: ProveRequest) -> None:
        try:
            proved = server.prove(token, shown, self._posting(server, PROVE_PATH, token))
        except Refused as error:
            if shown.code and error.code == "wrong_proof":
                raise Refused("wrong_browser_proof") from error
            raise
        self._proven = proved.token
        self._until_s = self._clock.monotonic() + proved.proven_s - _EARLY_S

    def _met(self) -> str:
        token = self._token()
        if not token:
            raise Unreachable
        return token

    def _posting(self, server: ComputerServer, path: str, token: str) -> str:
        return self._prover.posting(path, server.challenge(self._device), token)

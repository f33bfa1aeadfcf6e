"""The computers of one's own account: which they are, and ending one after a fresh proof (security.md §5 row 40)."""

from collections.abc import Callable
from typing import Final

from dossier.clock import Clock
from dossier.errors import Refused, Unreachable
from dossier.wire.messages import DeviceLine, ProveRequest, RevokeRequest, TokenRequest
from practitioner_app.ports import ComputerServer

_EARLY_S: Final = 15.0
"""A proof is taken for over so long before the server does."""


class ComputerService:
    """Blocks on the network. The session of a proof lives here alone, beside that of the synchronisation.

    `is_met`: has the server proved itself in this session? `sign`: the request for a token that answers a nonce.
    """

    def __init__(
        self,
        server: Callable[[], ComputerServer],
        device: str,
        sign: Callable[[str], TokenRequest],
        is_met: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self._server, self._device, self._sign = server, device, sign
        self._is_met, self._clock = is_met, clock
        self._proven, self._until_s = "", 0.0

    @property
    def needs_proof(self) -> bool:
        """Must the person show password and authenticator before the next act?"""
        return not self._proven or self._clock.monotonic() >= self._until_s

    def own(self) -> tuple[DeviceLine, ...]:
        """Every computer, the newest first. Raises Unreachable while the server was not met."""
        server = self._met()
        return server.own_devices(self._signed_in(server)).devices

    def end(self, device: str, password: str = "", proof: str = "") -> tuple[DeviceLine, ...]:
        """Refuse a computer from now on; returns those that are. Raises Refused: `proof_needed`, `wrong_proof`."""
        server = self._met()
        if password or proof:
            asked = ProveRequest(password=password, proof=proof)
            proved = server.prove(self._signed_in(server), asked)
            self._proven = proved.token
            self._until_s = self._clock.monotonic() + proved.proven_s - _EARLY_S
        if self.needs_proof:
            raise Refused("proof_needed")
        server.revoke(self._proven, RevokeRequest(device=device))
        return server.own_devices(self._proven).devices

    def _met(self) -> ComputerServer:
        if not self._is_met():
            raise Unreachable
        return self._server()

    def _signed_in(self, server: ComputerServer) -> str:
        return server.token(self._sign(server.challenge(self._device).nonce)).token

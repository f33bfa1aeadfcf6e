"""Both transports keep the contract: the scripted one, and the one over HTTP."""

from collections.abc import Iterator

import pytest

from dossier.clock import SystemClock
from sync.transport import RequestsTransport
from tests.contracts.transport_contract import Bench, TransportContract
from tests.fakes.http_server import AnsweringServer
from tests.fakes.scripted_transport import ScriptedTransport


class ScriptedBench:
    def __init__(self) -> None:
        self.transport = ScriptedTransport()
        self.asked = self.transport.asked

    def answer(self, answer: object) -> None:
        self.transport.answers.append(answer)


class HttpBench:
    def __init__(self, server: AnsweringServer, transport: RequestsTransport) -> None:
        self._server, self.transport = server, transport
        self.asked = server.asked

    def answer(self, answer: object) -> None:
        self._server.answers.append(answer)


class TestScriptedTransport(TransportContract):
    @pytest.fixture
    def bench(self) -> Bench:
        return ScriptedBench()


class TestRequestsTransport(TransportContract):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with AnsweringServer() as server:
            transport = RequestsTransport(server.url, SystemClock())
            yield HttpBench(server, transport)
            transport.close()

"""`/health`, `/ready` and `/metrics`.

`/health` says that the process answers. `/ready` says whether it can take a write; a stranger learns only yes
or no. The causes and the figures are for the operator's own listener, which stands on loopback alone and is
told apart by the address the connection came in on, never by a header.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.api import answers
from server.operations.fitness import Fitness
from server.operations.metrics import MEDIA_TYPE, Metrics

PATHS = ("/health", "/ready", "/metrics")


class OperatorApi:
    """`operator_port` is the second listener's, None when there is none."""

    def __init__(self, fitness: Fitness, metrics: Metrics, operator_port: int | None) -> None:
        self._fitness, self._metrics, self._port = fitness, metrics, operator_port

    def routes(self) -> list[Route]:
        return [
            Route("/health", self.health, methods=["GET"]),
            Route("/ready", self.ready, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    async def health(self, _request: Request) -> Response:
        return answers.json({"status": "pass"})

    async def ready(self, request: Request) -> Response:
        causes = await self._fitness.causes()
        said: dict[str, object] = {"status": "fail" if causes else "pass"}
        if self._is_operator(request):
            said["causes"] = causes
        return answers.json(said, 503 if causes else 200)

    async def metrics(self, request: Request) -> Response:
        if not self._is_operator(request):
            raise HTTPException(404)
        return Response(self._metrics.text(), media_type=MEDIA_TYPE)

    def _is_operator(self, request: Request) -> bool:
        here = request.scope.get("server")
        return self._port is not None and here is not None and here[1] == self._port

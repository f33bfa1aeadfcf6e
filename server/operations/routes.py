"""`/health`, `/ready` and `/metrics`.

`/health` says that the process answers. `/ready` says whether it can take a write; a stranger learns only yes
or no. The causes and the figures are for the operator's own listener, which stands on loopback alone.
"""

from typing import Literal

from msgspec import Struct

from server.api import answers
from server.api.doors import Door, Doorkeeper, Pass
from server.api.exchange import Answer, Asked
from server.operations.fitness import Fitness
from server.operations.metrics import MEDIA_TYPE, Metrics


class Standing(Struct, frozen=True, omit_defaults=True):
    """Is the server well? `causes` are said to the operator only."""

    status: Literal["pass", "fail"]
    causes: tuple[str, ...] | None = None


class OperatorApi:
    """What monitors and supervisors ask."""

    def __init__(self, fitness: Fitness, metrics: Metrics, keeper: Doorkeeper) -> None:
        self._fitness, self._metrics, self._keeper = fitness, metrics, keeper

    def doors(self) -> list[Door]:
        return [
            Door("GET", "/health", Pass.ANYBODY, self.health, None, Standing),
            Door("GET", "/ready", Pass.ANYBODY, self.ready, None, Standing),
            Door("GET", "/metrics", Pass.OPERATOR, self.metrics, None, MEDIA_TYPE),
        ]

    async def health(self, _request: Asked) -> Answer:
        return answers.json(Standing("pass"))

    async def ready(self, request: Asked) -> Answer:
        causes = await self._fitness.causes()
        said = causes if self._keeper.is_operator(request) else None
        return answers.json(Standing("fail" if causes else "pass", said), 503 if causes else 200)

    async def metrics(self, _request: Asked) -> Answer:
        return Answer(200, self._metrics.text(), ((b"content-type", MEDIA_TYPE.encode()),))

"""What a list of alerts can be narrowed to at this moment, and how many open alerts each choice has."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, get_args

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from schemas.events import AlertKind
from services.board import incoming, scope
from services.board.filters import STATES, drugs
from services.board.snapshot import LOOKED_THROUGH
from services.board.wording import KINDS
from services.readmodel.alerts import known, open_alerts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redis.asyncio import Redis
    from starlette.requests import Request

    from schemas.events import Alert
    from services.board.scope import Hospitals

# Screens ask again after each change; those that ask within this time of one another get one answer.
_FRESH_FOR_S = 2.0
# Judgement: nobody looks for a name in a longer list; the search finds the others.
_NAMES_AT_MOST = 100


class Choice(msgspec.Struct, frozen=True):
    """A value of a filter, as a query names it and as a person reads it."""

    value: str
    name: str
    count: int


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """The choices of each filter; `open` counts all open alerts, of which `looked_at` were counted."""

    open: int
    looked_at: int
    kind: list[Choice]
    state: list[Choice]
    test: list[Choice]
    care_area: list[Choice]
    drug: list[Choice]


def count(alerts: Iterable[Alert], open_: int) -> Choices:
    """Count the alerts by what they can be narrowed to."""
    counted: dict[str, Counter[str]] = {field: Counter() for field in ("kind", "state", "test", "care_area", "drug")}
    looked_at = 0
    for alert in alerts:
        looked_at += 1
        counted["kind"][alert.kind] += 1
        counted["state"][alert.state] += 1
        counted["test"]["true" if alert.test else "false"] += 1
        counted["care_area"][alert.care_area] += 1
        counted["drug"].update(set(drugs(alert)))
    return Choices(
        open=open_,
        looked_at=looked_at,
        kind=[Choice(kind, KINDS[kind], counted["kind"][kind]) for kind in get_args(AlertKind)],
        state=[Choice(state, state, counted["state"][state]) for state in STATES],
        test=[Choice("false", "real", counted["test"]["false"]), Choice("true", "test", counted["test"]["true"])],
        care_area=_by_name(counted["care_area"]),
        drug=_by_name(counted["drug"]),
    )


def _by_name(counted: Counter[str]) -> list[Choice]:
    return [Choice(name, name, number) for name, number in sorted(counted.most_common(_NAMES_AT_MOST))]


class FilterChoices:
    """`/api/choices`, counted once for all screens of the same hospitals."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._counted: dict[Hospitals, tuple[float, asyncio.Task[bytes]]] = {}

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route("/api/choices", self.show)]

    async def show(self, request: Request) -> Response:
        """The choices of one hospital or of all."""
        of = scope.asked(request, incoming.hospital(request))
        now = time.monotonic()
        self._counted = {key: each for key, each in self._counted.items() if now - each[0] < _FRESH_FOR_S}
        if of not in self._counted:
            self._counted[of] = now, asyncio.create_task(self._count(of))
        _, task = self._counted[of]
        return Response(await asyncio.shield(task), media_type="application/json")

    async def _count(self, of: Hospitals) -> bytes:
        found, open_ = await open_alerts(self._redis, await known(self._redis, of), LOOKED_THROUGH)
        return msgspec.json.encode(count((each.alert for each in found), open_))

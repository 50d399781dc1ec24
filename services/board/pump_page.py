"""The page of one pump, and what it shows as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from services.board import incoming, pages, scope
from services.board.snapshot import AlertView, view
from services.board.status import now_ms
from services.board.story import RecentLine, line_of
from services.board.wording import CAUSES
from services.readmodel.pump import PumpState, read_pump

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis
    from starlette.requests import Request

    from schemas.events import AlertKind
    from services.readmodel.alerts import StoredAlert
    from services.readmodel.pump import PumpRecord

NO_PUMP = "There is no pump of this name."
# Judgement: who wants more of the past finds it by the search.
RESOLVED_SHOWN = 10


class EpisodeView(msgspec.Struct, frozen=True):
    """An episode as it was published, and its cause in words."""

    episode: msgspec.Raw
    cause: str


class Charge(msgspec.Struct, frozen=True):
    """The charge curve by columns: epoch seconds, percent, whether on battery, whether infusing."""

    at: list[int]
    charge_pct: list[float]
    on_battery: list[bool]
    infusing: list[bool]


class PumpView(msgspec.Struct, frozen=True, kw_only=True):
    """A pump. `state` is null for one that was not heard of for 30 days; `battery` and `keypad` are verdicts on it."""

    now: int
    pump: str
    hospital: str
    state: PumpState | None
    charge: Charge
    episodes: list[EpisodeView]
    open: list[AlertView]
    resolved: list[AlertView]
    battery: AlertView | None
    keypad: AlertView | None
    entries: list[RecentLine]


class PumpPage:
    """`/pumps/{pump}` and `/api/pumps/{pump}`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route("/pumps/{pump:path}", self.page), Route("/api/pumps/{pump:path}", self.show)]

    async def page(self, request: Request) -> Response:
        """The page, for a pump of which something is known."""
        pump, record = await self._read(request)
        return pages.page("pump.html", request.state.session, pump=pump, hospital=record.hospital)

    async def show(self, request: Request) -> Response:
        """Everything on the page."""
        pump, record = await self._read(request)
        return Response(msgspec.json.encode(pump_view(pump, record, now_ms())), media_type="application/json")

    async def _read(self, request: Request) -> tuple[str, PumpRecord]:
        pump = incoming.named(request, "pump")
        record = await read_pump(self._redis, pump, now_ms(), lambda hospital: scope.admits(request, hospital))
        if record.hospital is None:
            raise HTTPException(404, NO_PUMP)
        return pump, record


def pump_view(pump: str, record: PumpRecord, now: int) -> PumpView:
    """A pump as its page shows it."""
    open_ = [each for each in record.alerts if each.alert.state != "resolved"]
    resolved = [each for each in record.alerts if each.alert.state == "resolved"]
    return PumpView(
        now=now,
        pump=pump,
        hospital=record.hospital or "",
        state=record.state,
        charge=Charge(
            at=[sample.at for sample in record.charge],
            charge_pct=[sample.charge_pct for sample in record.charge],
            on_battery=[sample.on_battery for sample in record.charge],
            infusing=[sample.infusing for sample in record.charge],
        ),
        episodes=[EpisodeView(each.raw, CAUSES[each.episode.cause]) for each in record.episodes],
        open=[view(each) for each in open_],
        resolved=[view(each) for each in resolved[:RESOLVED_SHOWN]],
        battery=_newest(record.alerts, "battery_degraded"),
        keypad=_newest(record.alerts, "keypad_fault"),
        entries=[line_of(each, None) for each in record.entries],
    )


def _newest(alerts: Sequence[StoredAlert], kind: AlertKind) -> AlertView | None:
    """The open alert of a kind, else the one that was resolved last."""
    return next((view(each) for each in alerts if each.alert.kind == kind), None)

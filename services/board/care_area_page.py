"""The page of one care area, and what it shows as JSON."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from schemas.events import Slip  # noqa: TC001 (msgspec reads the annotations)
from services.board import incoming, pages, scope
from services.board.snapshot import LOOKED_THROUGH, AlertView, view
from services.board.status import now_ms
from services.board.wording import SLIPS
from services.readmodel.alerts import known, open_alerts
from services.readmodel.care_area import CareArea, look_at
from services.readmodel.comparison import LEAST_DAYS, LEAST_ENTRIES
from services.readmodel.pump import PumpState, on_battery
from services.readmodel.unit_days import UnitDays

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from starlette.requests import Request

NO_CARE_AREA = "There is no care area of this name."
DAYS, MOST_DAYS = 28, 35
# Judgements: who has more open in one care area looks at the board; so many pumps on battery no hospital has.
ALERTS_SHOWN = 50
PUMPS_READ, PUMPS_SHOWN = 1000, 100
# Screens that ask within this time of one another get one answer.
_FRESH_FOR_S = 5.0


class PumpOnBattery(msgspec.Struct, frozen=True):
    """A pump that says that it is on battery."""

    pump: str
    state: PumpState


class CareAreaView(msgspec.Struct, frozen=True, kw_only=True):
    """A care area. `hours_read` of `hours_kept`: the figures rest on so much as long as the board still reads."""

    now: int
    hospital: str
    care_area: str
    zone: str
    hours_read: int
    hours_kept: int
    least_entries: int
    least_days: int
    figures: CareArea
    slip_names: dict[Slip, str]
    alerts: list[AlertView]
    alerts_open: int
    on_battery: list[PumpOnBattery]


class _Asked(NamedTuple):
    hospital: str
    care_area: str
    days: int
    zone: str


class CareAreaPage:
    """`/care-areas/{hospital}/{care_area}` and the same below `/api`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._days = UnitDays(redis)
        self._made: dict[_Asked, tuple[float, asyncio.Task[bytes | None]]] = {}

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        path = "/care-areas/{hospital}/{care_area:path}"
        return [Route(path, self.page), Route(f"/api{path}", self.show)]

    async def page(self, request: Request) -> Response:
        """The page, for a care area of which something is known."""
        asked = await self._asked(request)
        await self._answer(asked)
        return pages.page(
            "care_area.html", request.state.session, hospital=asked.hospital, care_area=asked.care_area, days=MOST_DAYS
        )

    async def show(self, request: Request) -> Response:
        """Everything on the page, over the last `days`, by the clock of `zone`."""
        return Response(await self._answer(await self._asked(request)), media_type="application/json")

    async def _asked(self, request: Request) -> _Asked:
        hospital, care_area = incoming.named(request, "hospital"), incoming.named(request, "care_area")
        days, zone = incoming.whole_number(request, "days", DAYS, MOST_DAYS), incoming.zone(request)
        scope.require(request, hospital, NO_CARE_AREA)
        if not await known(self._redis, [hospital]):
            raise HTTPException(404, NO_CARE_AREA)
        return _Asked(hospital, care_area, days, zone.key)

    async def _answer(self, asked: _Asked) -> bytes:
        now = time.monotonic()
        self._made = {key: made for key, made in self._made.items() if now - made[0] < _FRESH_FOR_S}
        if asked not in self._made:
            self._made[asked] = now, asyncio.create_task(self._make(asked))
        answer = await asyncio.shield(self._made[asked][1])
        if answer is None:
            raise HTTPException(404, NO_CARE_AREA)
        return answer

    async def _make(self, asked: _Asked) -> bytes | None:
        """The answer, or None where nothing is known of the care area."""
        hospital, care_area, days, zone = asked
        now = now_ms()
        since = datetime.now(UTC) - timedelta(days=days - 1)
        read, hours_read, hours_kept = await self._days.read(hospital, f"{since:%Y-%m-%d}")
        figures = look_at(read, care_area, ZoneInfo(zone))
        found, _ = await open_alerts(self._redis, [hospital], LOOKED_THROUGH)
        alerts = [each for each in found if each.alert.care_area == care_area]
        states = await on_battery(self._redis, hospital, now, PUMPS_READ)
        pumps = [PumpOnBattery(pump, state) for pump, state in states.items() if state.care_area == care_area]
        pumps.sort(key=lambda each: (each.state.charge_pct, each.pump))
        units = {unit.care_area for figure in figures.figures for unit in figure.units}
        if not (care_area in units or alerts or pumps or hours_read < hours_kept):
            return None
        return msgspec.json.encode(
            CareAreaView(
                now=now,
                hospital=hospital,
                care_area=care_area,
                zone=zone,
                hours_read=hours_read,
                hours_kept=hours_kept,
                least_entries=LEAST_ENTRIES,
                least_days=LEAST_DAYS,
                figures=figures,
                slip_names=SLIPS,
                alerts=[view(each) for each in alerts[:ALERTS_SHOWN]],
                alerts_open=len(alerts),
                on_battery=pumps[:PUMPS_SHOWN],
            )
        )

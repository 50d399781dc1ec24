"""`/api/usual`: the last hour and the present one against what is usual at their time of day."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from services.board import incoming, scope
from services.board.status import now_ms
from services.readmodel.alerts import known
from services.readmodel.usual import HOUR, LEAST_DAYS, HourReader, Usual, usual

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from starlette.requests import Request

    from services.board.scope import Hospitals
    from services.readmodel.usual import HourFigures, Hours

# Screens that ask within this time of one another get one answer.
_FRESH_FOR_S = 5.0
Standing = Literal["below", "usual", "above"]


class Told(NamedTuple):
    """A figure in words."""

    name: str
    title: str
    meaning: str
    unit: str = ""


FIGURES = (
    Told("entries", "Entries", "values committed at the pumps"),
    Told("overridden", "Overrides", "entries confirmed over a warning of the pump"),
    Told("flagged", "Flagged", "entries held for a possible slip"),
    Told("unplugged_minutes", "Unplugged", "minutes of infusing on battery", "min"),
    Told("critical", "Critical alerts", "that began in the hour"),
)


class HourFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. `last` and `so_far` are of the last full hour and of the present one, `by_now` what is usual by now.

    Without enough days nothing is usual: `usual`, `standing` and `by_now` are null.
    """

    name: str
    title: str
    meaning: str
    unit: str
    last: float
    usual: Usual | None
    standing: Standing | None
    so_far: float
    by_now: float | None


class UsualView(msgspec.Struct, frozen=True, kw_only=True):
    """`begins_at` is the begin of the last full hour, epoch ms; `days` how many days the usual hour rests on."""

    now: int
    begins_at: int
    days: int
    least_days: int
    complete: bool
    figures: list[HourFigure]


class UsualHours:
    """Answers for all screens of the same hospitals at once."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._hours = HourReader(redis)
        self._made: dict[Hospitals, tuple[float, asyncio.Task[bytes]]] = {}

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route("/api/usual", self.show)]

    async def show(self, request: Request) -> Response:
        """The hours of one hospital or of all together."""
        of = scope.asked(request, incoming.hospital(request))
        now = time.monotonic()
        self._made = {key: made for key, made in self._made.items() if now - made[0] < _FRESH_FOR_S}
        if of not in self._made:
            self._made[of] = now, asyncio.create_task(self._make(of))
        return Response(await asyncio.shield(self._made[of][1]), media_type="application/json")

    async def _make(self, of: Hospitals) -> bytes:
        now = now_ms()
        at = datetime.fromtimestamp(now / 1000, UTC)
        return msgspec.json.encode(usual_view(await self._hours.read(await known(self._redis, of), at), at))


def usual_view(hours: Hours, at: datetime) -> UsualView:
    """The hours in words and figures."""
    present = at.replace(minute=0, second=0, microsecond=0)
    return UsualView(
        now=round(at.timestamp() * 1000),
        begins_at=round((present - HOUR).timestamp() * 1000),
        days=len(hours.like_last),
        least_days=LEAST_DAYS,
        complete=hours.complete,
        figures=[_figure(told, hours, (at - present) / HOUR) for told in FIGURES],
    )


def _figure(told: Told, hours: Hours, elapsed: float) -> HourFigure:
    def value(figures: HourFigures) -> float:
        return round(float(getattr(figures, told.name)), 1)

    last, known_usual = value(hours.last), usual([value(each) for each in hours.like_last])
    present = usual([value(each) for each in hours.like_present])
    standing: Standing | None = None
    if known_usual is not None:
        standing = "below" if last < known_usual.low else "above" if last > known_usual.high else "usual"
    return HourFigure(
        name=told.name,
        title=told.title,
        meaning=told.meaning,
        unit=told.unit,
        last=last,
        usual=known_usual,
        standing=standing,
        so_far=value(hours.present),
        by_now=None if present is None else round(present.median * elapsed, 1),
    )

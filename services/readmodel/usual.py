"""The last hour against the usual hour: the same hour of the day over the weeks that are kept."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from services.readmodel.rollups import partials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redis.asyncio import Redis

# Judgements: a band of fewer days is no band; nobody waits for longer than this at a time; and the present hour is
# read again at most so often.
LEAST_DAYS = 3
DAYS = 35
LONGEST_READ_S = 0.5
FRESH_FOR_S = 10.0
# The usual hour is between these quantiles on four days of five.
LOW, HIGH = 0.1, 0.9
HOUR = timedelta(hours=1)


class HourFigures(NamedTuple):
    """What an hour is told by, of one hospital or of several together; docs/definitions.md says what each counts."""

    entries: float = 0
    overridden: float = 0
    flagged: float = 0
    unplugged_minutes: float = 0
    critical: float = 0


class _Partial(msgspec.Struct):
    """What is read of a stored rollup."""

    entries: int = 0
    overridden: int = 0
    suspect: int = 0
    error: int = 0
    battery_minutes: float = 0.0


class Hours(NamedTuple):
    """The last full hour, the one that runs, and the hours like the last and like the present one of the days before.

    `complete` is false while some of them are still to be read.
    """

    last: HourFigures
    present: HourFigures
    like_last: list[HourFigures]
    like_present: list[HourFigures]
    complete: bool


class Usual(msgspec.Struct, frozen=True):
    """What is usual: the median and the band that holds four days of five."""

    median: float
    low: float
    high: float


class _Kept(NamedTuple):
    figures: HourFigures
    writes: int
    read_at: float


_decode = msgspec.json.Decoder(_Partial).decode


def usual(figures: Sequence[float]) -> Usual | None:
    """What is usual after these days, or None after too few."""
    if len(figures) < LEAST_DAYS:
        return None
    ordered = sorted(figures)
    return Usual(*(round(_quantile(ordered, share), 2) for share in (0.5, LOW, HIGH)))


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which this share lies, between neighbours in proportion."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


class HourReader:
    """Keeps the figures of hours: one that was not written to since is not read again."""

    def __init__(self, redis: Redis, longest_read_s: float = LONGEST_READ_S) -> None:
        self._redis = redis
        self._longest_read_s = longest_read_s
        self._kept: dict[tuple[str, datetime], _Kept] = {}
        self._reading = asyncio.Lock()

    async def read(self, of: Sequence[str], now: datetime) -> Hours:
        """The hours of these hospitals together. An hour of which a hospital told nothing is no hour of it."""
        present = now.replace(minute=0, second=0, microsecond=0)
        last = present - HOUR
        days = [timedelta(days=number) for number in range(1, DAYS + 1)]
        wanted = [present, last, *(present - day for day in days), *(last - day for day in days)]
        async with self._reading:
            self._kept = {key: kept for key, kept in self._kept.items() if key[1] >= present - days[-1] - HOUR}
            until = time.monotonic() + self._longest_read_s
            found = [await self._of(hospital, wanted, until) for hospital in of]
        together: dict[datetime, HourFigures] = {}
        for hours, _ in found:
            for hour, figures in hours.items():
                together[hour] = _added(together.get(hour, HourFigures()), figures)
        return Hours(
            last=together.get(last, HourFigures()),
            present=together.get(present, HourFigures()),
            like_last=[together[last - day] for day in days if last - day in together],
            like_present=[together[present - day] for day in days if present - day in together],
            complete=all(complete for _, complete in found),
        )

    async def _of(
        self, hospital: str, wanted: Sequence[datetime], until: float
    ) -> tuple[Mapping[datetime, HourFigures], bool]:
        pipe = self._redis.pipeline(transaction=False)
        pipe.zmscore(f"pw:hours:{hospital}", [_name(hour) for hour in wanted])
        for hour in wanted:
            begin = round(hour.timestamp() * 1000)
            pipe.zcount(f"pw:critical:{hospital}", begin, f"({begin + 3_600_000}")
        written, *criticals = await pipe.execute()
        found: dict[datetime, HourFigures] = {}
        complete = True
        for hour, writes, critical in zip(wanted, written, criticals, strict=True):
            if writes is None:
                continue
            figures = await self._hour(hospital, hour, int(writes), until)
            if figures is None:
                complete = False
            else:
                found[hour] = figures._replace(critical=critical)
        return found, complete

    async def _hour(self, hospital: str, hour: datetime, writes: int, until: float) -> HourFigures | None:
        kept = self._kept.get((hospital, hour))
        now = time.monotonic()
        if kept is not None and (kept.writes == writes or now - kept.read_at < FRESH_FOR_S):
            return kept.figures
        if now > until:
            return None if kept is None else kept.figures
        sums: Any = [0, 0, 0, 0.0]
        for partial in await partials(self._redis, hospital, _name(hour), _decode):
            sums[0] += partial.entries
            sums[1] += partial.overridden
            sums[2] += partial.suspect + partial.error
            sums[3] += partial.battery_minutes
        figures = HourFigures(*sums)
        self._kept[hospital, hour] = _Kept(figures, writes, now)
        return figures


def _name(hour: datetime) -> str:
    return f"{hour.astimezone(UTC):%Y-%m-%dT%HZ}"


def _added(one: HourFigures, other: HourFigures) -> HourFigures:
    return HourFigures(*(a + b for a, b in zip(one, other, strict=True)))

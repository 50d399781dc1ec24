"""The rollups of a hospital by care area, day and hour: read once, kept, and read again only where they changed.

Weeks of rollups are hundreds of hashes. So a day is kept as long as its hours have been written to as often as when it
was read (`rollups.changes`), the present day for a while all the same, and a request reads for a bounded time: what
is not there yet follows with the next one.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from services.readmodel.rollups import canonical, changes, known_names, partials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis.asyncio import Redis

# Judgements: nobody waits for longer than this at a time, and the figures of weeks do not move within a minute.
LONGEST_READ_S = 1.0
FRESH_FOR_S = 60.0
# Days of this many hospitals are kept, about 2 MB each; the one that was asked for longest ago goes first.
MOST_HOSPITALS = 64
_HOUR = len("2026-11-23T17Z")
_DAY = len("2026-11-23")


class UnitSums(msgspec.Struct, gc=False):
    """What is summed of one care area; docs/definitions.md says what each one counts. `warned`: by the pump itself."""

    entries: int = 0
    warned: int = 0
    overridden: int = 0
    flagged: int = 0
    corrected: int = 0
    stood: int = 0
    infusing_minutes: float = 0.0
    battery_minutes: float = 0.0

    def add(self, other: UnitSums) -> None:
        """Add another sum to this one."""
        self.entries += other.entries
        self.warned += other.warned
        self.overridden += other.overridden
        self.flagged += other.flagged
        self.corrected += other.corrected
        self.stood += other.stood
        self.infusing_minutes += other.infusing_minutes
        self.battery_minutes += other.battery_minutes


class _Partial(msgspec.Struct):
    """What is read of a stored rollup."""

    care_area: str
    drug: str
    entries: int = 0
    overridden: int = 0
    soft_warnings: int = 0
    hard_warnings: int = 0
    suspect: int = 0
    error: int = 0
    corrected: int = 0
    stood: int = 0
    infusing_minutes: float = 0.0
    battery_minutes: float = 0.0
    slips: dict[str, int] = {}

    def sums(self) -> UnitSums:
        """As sums of a care area."""
        return UnitSums(
            self.entries,
            self.soft_warnings + self.hard_warnings,
            self.overridden,
            self.suspect + self.error,
            self.corrected,
            self.stood,
            self.infusing_minutes,
            self.battery_minutes,
        )


_decode = msgspec.json.Decoder(_Partial).decode


class Day(NamedTuple):
    """One day by UTC: the sums of care areas by hour (as `2026-11-23T17Z`), and by drug and slip over the whole day."""

    hours: dict[str, dict[str, UnitSums]]
    drugs: dict[tuple[str, str], UnitSums]
    slips: dict[tuple[str, str], int]


class Days(NamedTuple):
    """The days of a hospital in their order, and how many of the `hours_kept` hours they hold."""

    days: list[Day]
    hours_read: int
    hours_kept: int


class _Kept(NamedTuple):
    day: Day
    writes: int
    read_at: float


async def add_hour(redis: Redis, hospital: str, hour: str, day: Day) -> None:
    """Add the rollups of one hour to a day."""
    units = day.hours.setdefault(hour, {})
    for partial in await partials(redis, hospital, hour, _decode):
        sums = partial.sums()
        units.setdefault(partial.care_area, UnitSums()).add(sums)
        if sums.entries:
            day.drugs.setdefault((partial.care_area, canonical(partial.drug)), UnitSums()).add(sums)
        for slip, count in partial.slips.items():
            day.slips[partial.care_area, slip] = day.slips.get((partial.care_area, slip), 0) + count


class UnitDays:
    """Keeps the days of hospitals. Requests for the same hospital wait for one another and share what was read."""

    def __init__(self, redis: Redis, longest_read_s: float = LONGEST_READ_S) -> None:
        self._redis = redis
        self._longest_read_s = longest_read_s
        self._kept: dict[str, dict[str, _Kept]] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def read(self, hospital: str, since: str) -> Days:
        """The days from `since` on (as `2026-11-23`), the newest read first where time is short."""
        await asyncio.to_thread(known_names)  # the first call takes part of a second
        async with self._reading[hospital]:
            written = await changes(self._redis, hospital)
            hours: defaultdict[str, list[str]] = defaultdict(list)
            for hour in written:
                if len(hour) == _HOUR and hour[:_DAY] >= since:
                    hours[hour[:_DAY]].append(hour)
            kept = self._kept[hospital] = self._kept.pop(hospital, {})  # now the last to go
            while len(self._kept) > MOST_HOSPITALS:
                del self._kept[next(iter(self._kept))]
            until = time.monotonic() + self._longest_read_s
            for day in sorted(hours, reverse=True):
                if not await self._refresh(hospital, day, hours[day], written, until):
                    break
            days = [kept[day].day for day in sorted(hours) if day in kept]
        return Days(days, sum(len(day.hours) for day in days), sum(map(len, hours.values())))

    async def _refresh(
        self, hospital: str, day: str, hours: list[str], written: Mapping[str, int], until: float
    ) -> bool:
        """Read a day if it changed; False if there is no time left."""
        kept = self._kept[hospital]
        writes = sum(written[hour] for hour in hours)
        known = kept.get(day)
        if known is not None and (known.writes == writes or time.monotonic() - known.read_at < FRESH_FOR_S):
            return True
        if time.monotonic() > until:
            return False
        fresh = Day({}, {}, {})
        for hour in hours:
            await add_hour(self._redis, hospital, hour, fresh)
        kept[day] = _Kept(fresh, writes, time.monotonic())
        return True

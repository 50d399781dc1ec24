"""Rollup sums over windows of hours, where an hour that hardly changes any more is hardly ever read again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from services.readmodel.rollups import HourSums, hours, known_names, sums_of, total, total_by_drug

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

RECENT, DAY, ALL = "3h", "24h", "all"
_HOURS = {RECENT: 3, DAY: 24}
"""Clock hours of a window, the current one among them. Three: a fault shows within a shift, over enough entries."""
WINDOWS = (*_HOURS, ALL)
# Late events and corrections reach older hours too, so those are read again as well, only less often.
_AGAIN_AFTER_S = ((3, 10.0), (24, 60.0))
_OLDER_AGAIN_AFTER_S = 600.0
# Reading takes at most this share of the time, however large the hours are, and at most this long for one scrape.
_SHARE_OF_TIME = 0.02
_LONGEST_READ_S = 2.0


class _Hour(NamedTuple):
    sums: HourSums
    due_at: float


class RollupWindows:
    """Keeps the sums of every hospital and hour, and reads again those that are due."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._hours: dict[tuple[str, str], _Hour] = {}
        known_names()  # now, for the time that an hour takes to read decides when it is read again

    async def read(self, of: Sequence[str], at: float) -> dict[tuple[str, str], HourSums]:
        """The sums by hospital and window at `at`, epoch seconds. Hours not read yet follow at the next scrapes."""
        kept = await hours(self._redis, of)
        self._hours = {cell: self._hours[cell] for cell in kept if cell in self._hours}
        deadline = time.monotonic() + _LONGEST_READ_S
        for hospital, hour in kept:
            known = self._hours.get((hospital, hour))
            if known is not None and known.due_at > at:
                continue
            if time.monotonic() > deadline:
                break
            begun = time.monotonic()
            sums = await sums_of(self._redis, hospital, hour)
            again = max(_again_after(hour, at), (time.monotonic() - begun) / _SHARE_OF_TIME)
            self._hours[hospital, hour] = _Hour(sums, at + again)
        now = datetime.fromtimestamp(at, UTC)
        since = {window: f"{now - timedelta(hours=back - 1):%Y-%m-%dT%HZ}" for window, back in _HOURS.items()}
        return {
            (hospital, window): _together(
                [
                    each.sums
                    for (whose, hour), each in self._hours.items()
                    if whose == hospital and (window == ALL or hour >= since[window])
                ]
            )
            for hospital in of
            for window in WINDOWS
        }


def _together(of: list[HourSums]) -> HourSums:
    return HourSums(total(each.whole for each in of), total_by_drug(each.flagged_drugs for each in of))


def _again_after(hour: str, at: float) -> float:
    began = datetime.strptime(hour, "%Y-%m-%dT%HZ").replace(tzinfo=UTC)
    age_hours = (at - began.timestamp()) / 3600
    return next((again for younger_than, again in _AGAIN_AFTER_S if age_hours < younger_than), _OLDER_AGAIN_AFTER_S)

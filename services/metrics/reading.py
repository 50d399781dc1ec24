"""Reads the read model for one scrape, within bounds, and no more often than every few seconds."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.metrics.windows import RollupWindows
from services.readmodel.alerts import SEVERITIES, by_fingerprint, hospitals, key_of_open, severity_of
from services.readmodel.connection import UNAVAILABLE
from services.readmodel.fleet import HospitalNow, overview
from services.readmodel.progress import Pipeline, read_pipeline

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from schemas.events import Severity
    from services.readmodel.rollups import HourSums

# Judgement: Prometheus scrapes every 10 to 60 s; several scrapers share a reading.
FRESH_FOR_S = 5.0
# An alert keeps its kind, so it is read once. Beyond this many open ones in a hospital, the rest is counted together.
KINDS_READ_PER_HOSPITAL = 10_000
_KINDS_REMEMBERED = 200_000
NOT_READ = "not_read"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the read model said at `at`, epoch seconds. Without `up` nothing else is known."""

    at: float
    up: bool
    took_s: float
    fleet: list[HospitalNow] = field(default_factory=list)
    pipeline: Pipeline | None = None
    open_alerts: dict[tuple[str, Severity, str], int] = field(default_factory=dict)
    rollups: dict[tuple[str, str], HourSums] = field(default_factory=dict)


class Reader:
    """Answers scrapes from one reading at a time."""

    def __init__(self, redis: Redis, fresh_for_s: float = FRESH_FOR_S) -> None:
        self._redis = redis
        self._fresh_for_s = fresh_for_s
        self._kinds: OrderedDict[str, str] = OrderedDict()
        self._windows = RollupWindows(redis)
        self._latest: Reading | None = None
        self._one_at_a_time = asyncio.Lock()

    async def latest(self) -> Reading:
        """The latest reading, or a new one where it is older than a few seconds."""
        async with self._one_at_a_time:
            if self._latest is None or time.time() - self._latest.at > self._fresh_for_s:
                self._latest = await self._read()
            return self._latest

    async def _read(self) -> Reading:
        at, begun = time.time(), time.monotonic()
        try:
            names = await hospitals(self._redis)
            fleet = await overview(self._redis, int(at * 1000), names)
            pipeline = await read_pipeline(self._redis, at)
            open_alerts = await self._open_alerts(fleet)
            rollups = await self._windows.read(names, at)
        except UNAVAILABLE:
            return Reading(at, up=False, took_s=time.monotonic() - begun)
        took_s = time.monotonic() - begun
        return Reading(at, True, took_s, fleet, pipeline, open_alerts, rollups)

    async def _open_alerts(self, fleet: list[HospitalNow]) -> dict[tuple[str, Severity, str], int]:
        pipe = self._redis.pipeline(transaction=False)
        for each in fleet:
            pipe.zrevrange(key_of_open(each.hospital), 0, KINDS_READ_PER_HOSPITAL - 1, withscores=True)
        replies = await pipe.execute()
        await self._learn_kinds([fingerprint for found in replies for fingerprint, _ in found])
        counts: dict[tuple[str, Severity, str], int] = {}
        for each, found in zip(fleet, replies, strict=True):
            seen = dict.fromkeys(SEVERITIES, 0)
            for fingerprint, score in found:
                severity, kind = severity_of(score), self._kinds.get(fingerprint)
                if severity is not None and kind is not None:
                    seen[severity] += 1
                    cell = (each.hospital, severity, kind)
                    counts[cell] = counts.get(cell, 0) + 1
            for severity, known in seen.items():
                if each.open[severity] > known:
                    counts[each.hospital, severity, NOT_READ] = each.open[severity] - known
        return counts

    async def _learn_kinds(self, fingerprints: list[str]) -> None:
        unknown = [fingerprint for fingerprint in fingerprints if fingerprint not in self._kinds]
        for start in range(0, len(unknown), 1000):
            for stored in await by_fingerprint(self._redis, unknown[start : start + 1000]):
                self._kinds[stored.alert.fingerprint] = stored.alert.kind
        for fingerprint in fingerprints:
            if fingerprint in self._kinds:
                self._kinds.move_to_end(fingerprint)
        while len(self._kinds) > _KINDS_REMEMBERED:
            self._kinds.popitem(last=False)

"""The counts and the health that every screen shows, read once for all of them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import structlog

from services.board.scope import covers
from services.readmodel.alerts import hospitals, known
from services.readmodel.connection import UNAVAILABLE
from services.readmodel.fleet import HospitalNow, overview
from services.readmodel.progress import Pipeline, read_pipeline

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from services.board.hub import Hub
    from services.board.scope import Hospitals
    from services.board.sessions import Sessions

log = structlog.get_logger()

_EVERY_S = 2.0
_CHECK_SESSIONS_EVERY_S = 15.0
_STALE_AFTER_MS = 15_000

MOVES = "Every stream worker makes progress."
STANDS_STILL = "The stream workers make no progress."


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of each hospital and of all; `test` is true where anything that is counted is simulated."""

    now: int
    hospitals: list[HospitalNow]
    all: HospitalNow
    test: bool


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How the pipeline moves; times in seconds. What is None the session may not see."""

    ok: bool
    reason: str
    workers: int | None = None
    lag: int | None = None
    idle_s: float | None = None
    dead_letters: int | None = None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What a screen shows beside the alerts. Without Redis nothing but that is known."""

    now: int
    redis: bool
    fleet: Fleet | None = None
    pipeline: Progress | None = None


class Reading(NamedTuple):
    """What was read for all scopes; without Redis nothing but the time."""

    now: int
    hospitals: list[HospitalNow] = []  # noqa: RUF012 - never changed
    pipeline: Pipeline | None = None

    def within(self, scope: Hospitals) -> Status:
        """The part of it that a scope may see."""
        if self.pipeline is None:
            return Status(now=self.now, redis=False)
        return Status(
            now=self.now,
            redis=True,
            fleet=summed(self.now, [each for each in self.hospitals if covers(scope, each.hospital)]),
            pipeline=progress(self.pipeline, self.now / 1000, scope),
        )


def now_ms() -> int:
    """The board's clock, epoch ms."""
    return int(time.time() * 1000)


async def read_fleet(redis: Redis, of: Hospitals) -> Fleet:
    """Count pumps and open alerts of these hospitals."""
    now = now_ms()
    return summed(now, await overview(redis, now, await known(redis, of)))


def summed(now: int, each: list[HospitalNow]) -> Fleet:
    """The hospitals and their sum."""
    total = HospitalNow(
        hospital="*",
        online=sum(one.online for one in each),
        infusing=sum(one.infusing for one in each),
        battery=sum(one.battery for one in each),
        open={severity: sum(one.open[severity] for one in each) for severity in ("critical", "warning", "info")},
        test=any(one.test for one in each),
    )
    return Fleet(now=now, hospitals=each, all=total, test=bool(total.test))


def progress(pipeline: Pipeline, now: float, scope: Hospitals) -> Progress:
    """The pipeline in figures. They count records of all hospitals, so a limited scope gets the judgement alone."""
    if scope is not None:
        return Progress(ok=pipeline.ok, reason=MOVES if pipeline.ok else STANDS_STILL)
    return Progress(
        ok=pipeline.ok,
        reason=pipeline.reason,
        workers=len(pipeline.workers),
        lag=pipeline.lag,
        idle_s=pipeline.idle_s(now),
        dead_letters=pipeline.dead_letters,
    )


async def read(redis: Redis) -> Reading:
    """Everything beside the alerts. Raises what Redis raises when it is away."""
    now = now_ms()
    pipeline = await read_pipeline(redis, now / 1000)
    return Reading(now, await overview(redis, now, await hospitals(redis)), pipeline)


class StatusWatch:
    """Sends each screen the status of its scope every two seconds, and ends the streams of sessions that are over."""

    def __init__(self, redis: Redis, hub: Hub, sessions: Sessions) -> None:
        self._redis = redis
        self._hub = hub
        self._sessions = sessions
        self.latest = Reading(now=0)

    def healthy(self, scope: Hospitals) -> tuple[bool, str]:
        """Whether all is well, and why not, from what was read last: asking costs nothing."""
        if now_ms() - self.latest.now > _STALE_AFTER_MS:
            return False, "The board has not read its state for a while."
        if self.latest.pipeline is None:
            return False, "Redis does not answer."
        pipeline = progress(self.latest.pipeline, self.latest.now / 1000, scope)
        return pipeline.ok, pipeline.reason

    async def run(self) -> None:
        """Watch until cancelled."""
        check_sessions_at = 0.0
        while True:
            try:
                self.latest = await read(self._redis)
                if self._hub.sessions and time.monotonic() >= check_sessions_at:
                    self._hub.keep(await self._sessions.scopes(self._hub.sessions))
                    check_sessions_at = time.monotonic() + _CHECK_SESSIONS_EVERY_S
            except UNAVAILABLE as error:
                log.warning("Redis does not answer", reason=str(error))
                self.latest = Reading(now_ms())
            self._hub.publish_status(self._encode)
            await asyncio.sleep(_EVERY_S)

    def _encode(self, scope: Hospitals) -> bytes:
        return msgspec.json.encode(self.latest.within(scope))

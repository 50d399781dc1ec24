"""The counts and the health that every screen shows, read once for all of them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec
import structlog

from services.readmodel.connection import UNAVAILABLE
from services.readmodel.fleet import HospitalNow, overview
from services.readmodel.progress import Pipeline, read_pipeline

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from services.board.hub import Hub
    from services.board.sessions import Sessions

log = structlog.get_logger()

_EVERY_S = 2.0
_CHECK_SESSIONS_EVERY_S = 15.0
_STALE_AFTER_MS = 15_000


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of each hospital and of all; `test` is true where anything that is counted is simulated."""

    now: int
    hospitals: list[HospitalNow]
    all: HospitalNow
    test: bool


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How the pipeline moves; times in seconds."""

    ok: bool
    reason: str
    workers: int
    lag: int
    idle_s: float | None
    dead_letters: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What a screen shows beside the alerts. Without Redis nothing but that is known."""

    now: int
    redis: bool
    fleet: Fleet | None = None
    pipeline: Progress | None = None


def now_ms() -> int:
    """The board's clock, epoch ms."""
    return int(time.time() * 1000)


async def read_fleet(redis: Redis, hospital: str | None = None) -> Fleet:
    """Count pumps and open alerts of one hospital or of all."""
    now = now_ms()
    each = await overview(redis, now, None if hospital is None else [hospital])
    total = HospitalNow(
        hospital="*",
        online=sum(one.online for one in each),
        infusing=sum(one.infusing for one in each),
        battery=sum(one.battery for one in each),
        open={severity: sum(one.open[severity] for one in each) for severity in ("critical", "warning", "info")},
        test=any(one.test for one in each),
    )
    return Fleet(now=now, hospitals=each, all=total, test=bool(total.test))


def progress(pipeline: Pipeline, now: float) -> Progress:
    """The pipeline in figures."""
    return Progress(
        ok=pipeline.ok,
        reason=pipeline.reason,
        workers=len(pipeline.workers),
        lag=pipeline.lag,
        idle_s=pipeline.idle_s(now),
        dead_letters=pipeline.dead_letters,
    )


async def read_status(redis: Redis) -> Status:
    """Everything beside the alerts. Raises what Redis raises when it is away."""
    now = now_ms()
    pipeline = await read_pipeline(redis, now / 1000)
    return Status(now=now, redis=True, fleet=await read_fleet(redis), pipeline=progress(pipeline, now / 1000))


class StatusWatch:
    """Sends the status to all screens every two seconds, and ends the streams of sessions that are over."""

    def __init__(self, redis: Redis, hub: Hub, sessions: Sessions) -> None:
        self._redis = redis
        self._hub = hub
        self._sessions = sessions
        self.latest = Status(now=0, redis=False)

    def healthy(self) -> tuple[bool, str]:
        """Whether all is well, and why not, from what was read last: asking costs nothing."""
        if now_ms() - self.latest.now > _STALE_AFTER_MS:
            return False, "The board has not read its state for a while."
        if not self.latest.redis or self.latest.pipeline is None:
            return False, "Redis does not answer."
        return self.latest.pipeline.ok, self.latest.pipeline.reason

    async def run(self) -> None:
        """Watch until cancelled."""
        check_sessions_at = 0.0
        while True:
            try:
                self.latest = await read_status(self._redis)
                if self._hub.sessions and time.monotonic() >= check_sessions_at:
                    self._hub.close(await self._sessions.ended(self._hub.sessions))
                    check_sessions_at = time.monotonic() + _CHECK_SESSIONS_EVERY_S
            except UNAVAILABLE as error:
                log.warning("Redis does not answer", reason=str(error))
                self.latest = Status(now=now_ms(), redis=False)
            self._hub.publish_status(msgspec.json.encode(self.latest))
            await asyncio.sleep(_EVERY_S)

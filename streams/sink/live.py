"""The live state of pumps: what Redis shows of each pump now.

It needs no durability (the next heartbeat says it again), so it is coalesced: while one call to Redis is under way
the newest state of each pump waits for the next, and a Redis outage costs no memory beyond one state a pump and the
samples of its charge (`charge`), which are written with it.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog
from msgspec import Struct
from msgspec.json import Encoder

from schemas.codec import ms
from streams.sink.charge import ChargeSamples, overtaken
from streams.sink.episodes import WaitingEpisodes
from streams.sink.read_model import ReadModel, RedisAwayError

if TYPE_CHECKING:
    from schemas.events import PowerEpisode, PowerEvent

log = structlog.get_logger()
_encode = Encoder().encode

# An unchanged pump is written again after this long, so that it stays "online" (heard of in the last 5 minutes).
REFRESH_MS = 10_000
RETRY_S = 1.0
PUMPS_A_CALL = 1000


class LivePump(Struct):
    """The fields of `pw:pump:{pump}`; booleans are 1 and 0, times epoch milliseconds, null is empty."""

    hospital: str
    care_area: str
    model: str
    at: int
    source: str
    charge_pct: float
    charging: int
    infusing: int
    rate_ml_h: float
    channels_running: int
    minutes_left: float | None
    location: str | None
    test: int


class LivePumps:
    """Latest state per pump, and what its page shows of its power, on their way to Redis."""

    def __init__(self, read_model: ReadModel) -> None:
        self._read_model = read_model
        self._pending: dict[str, tuple[int, PowerEvent]] = {}
        self._shown: dict[str, tuple[int, tuple[object, ...]]] = {}
        self._charge = ChargeSamples(read_model.samples_kept)
        self._episodes = WaitingEpisodes()
        self._wake = asyncio.Event()
        self.redis_ok = True

    def note(self, offset: int, event: PowerEvent) -> None:
        """Take an event that came in; older events of the same pump are superseded."""
        at, salient = ms(event.at), _salient(event)
        self._charge.note(event)
        waiting = self._pending.get(event.pump)
        if waiting is not None:
            if not overtaken(at, ms(waiting[1].at)):
                self._pending[event.pump] = (offset, event)
                self._shown[event.pump] = (at, salient)
            return
        shown = self._shown.get(event.pump)
        if shown is not None and (overtaken(at, shown[0]) or (salient == shown[1] and 0 <= at - shown[0] < REFRESH_MS)):
            return
        self._shown[event.pump] = (at, salient)
        self._pending[event.pump] = (offset, event)
        self._wake.set()

    def note_episode(self, episode: PowerEpisode) -> None:
        """Take a revision of an episode that is published, or was."""
        self._episodes.note(episode)
        self._wake.set()

    def forget(self) -> None:
        """Drop what is known of shown pumps; partitions moved."""
        self._shown.clear()
        self._charge.forget()

    async def run(self) -> None:
        """Write until cancelled. While Redis is away the newest states wait."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            pending, self._pending = self._pending, {}
            try:
                await self._write(pending)
                await self._write_episodes()
                if not self.redis_ok:
                    log.info("live pump states reach Redis again")
                self.redis_ok = True
            except RedisAwayError as error:
                if self.redis_ok:
                    log.warning("live pump states wait for Redis", reason=str(error))
                self.redis_ok = False
                self._pending = pending | self._pending
                self._wake.set()
                await asyncio.sleep(RETRY_S)

    async def _write(self, pending: dict[str, tuple[int, PowerEvent]]) -> None:
        clock_ms = int(time.time() * 1000)
        rows = [
            (offset, event, live_fields(event), self._charge.waiting(pump)) for pump, (offset, event) in pending.items()
        ]
        for start in range(0, len(rows), PUMPS_A_CALL):
            portion = rows[start : start + PUMPS_A_CALL]
            await self._read_model.put_pumps(clock_ms, portion)
            for _, event, _, samples in portion:
                self._charge.written(event.pump, samples)

    async def _write_episodes(self) -> None:
        episodes = self._episodes.waiting()
        await self._read_model.put_episodes(episodes)
        self._episodes.written(episodes)


def _salient(event: PowerEvent) -> tuple[object, ...]:
    """What a person would want to see change at once."""
    return (event.source, event.infusing, event.charging, event.channels_running, event.care_area, event.kind)


def live_fields(event: PowerEvent) -> bytes:
    """The fields of a pump's hash as JSON."""
    live = LivePump(
        hospital=event.hospital,
        care_area=event.care_area,
        model=event.model,
        at=ms(event.at),
        source=event.source,
        charge_pct=event.charge_pct,
        charging=int(event.charging),
        infusing=int(event.infusing),
        rate_ml_h=event.rate_ml_h,
        channels_running=event.channels_running,
        minutes_left=event.minutes_left,
        location=event.location,
        test=int(event.test),
    )
    return _encode(live)

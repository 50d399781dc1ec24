"""Writes to Redis: one Lua call for each batch applies the changes and stores the fence together.

Every write carries the offset of the record it comes from, and an older record never replaces a newer one. So a
batch sent twice changes nothing, and a rebuild may run beside the live stream.
"""

from __future__ import annotations

import time
from importlib import resources
from typing import TYPE_CHECKING, Any, Self

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from schemas.codec import encode, ms
from streams.alerts.maintenance import window_key
from streams.rollups.cell import escaped
from streams.sink.charge import SPACING_MS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping

    from redis.asyncio import Redis

    from schemas.events import Alert, MaintenanceWindow, PowerEpisode, PowerEvent, Rollup
    from streams.settings import Settings

SEVERITY_RANK = {"critical": 3, "warning": 2, "info": 1}
FEED_LENGTH = 10_000
RESOLVED_KEPT_S = 30 * 86_400
ENDED_WINDOW_KEPT_S = 30 * 86_400
# Judgement: what a nurse educator looks back at; a titrated pump makes as many in a day.
ENTRIES_KEPT = 30
ENTRIES_KEPT_S = 30 * 86_400
# A pump of which nothing was heard for so long has left the fleet, or is new when it comes back.
SILENT_KEPT_S = 30 * 86_400
HOUR_S = 3600
# Of a pump, unless the settings say otherwise; docs/operations.md says what it costs.
CHARGE_HISTORY_H = 48.0
EPISODES_KEPT = 20
EPISODES_KEPT_S = 30 * 86_400  # as long as the topic keeps them
# One call blocks Redis while it runs: about 20 ms for this many changes.
CHANGES_A_CALL = 1000


def _rank(alert: Alert) -> int:
    """What a maintenance window holds stands below all that somebody is to look at now."""
    return SEVERITY_RANK[alert.severity] if alert.maintenance is None else 0


class RedisAwayError(Exception):
    """Redis did not answer or cannot serve now; the write may be tried again."""


class ReadModel:
    """The Redis side of a worker."""

    def __init__(
        self, redis: Redis, group: str, *, charge_history_h: float = CHARGE_HISTORY_H, episodes: int = EPISODES_KEPT
    ) -> None:
        self._fence = f"pw:fence:{group}"
        self._redis = redis
        self.samples_kept = round(charge_history_h * HOUR_S * 1000 / SPACING_MS)
        self._samples_kept_s = max(round(charge_history_h * HOUR_S), 1)
        self._episodes_kept = episodes
        self._alerts, self._rollups, self._pumps, self._charge_before, self._episodes = (
            redis.register_script(resources.files(__package__).joinpath(f"{name}.lua").read_text())
            for name in ("alerts", "rollups", "pumps", "charge_before", "episodes")
        )
        self._windows = redis.register_script(resources.files(__package__).joinpath("maintenance.lua").read_text())
        self._entries = redis.register_script(resources.files(__package__).joinpath("entries.lua").read_text())

    @classmethod
    def of(cls, settings: Settings, redis: Redis) -> Self:
        """The read model as the settings want it."""
        return cls(redis, settings.group, charge_history_h=settings.charge_history_h, episodes=settings.episodes_kept)

    async def put_alerts(
        self, topic: str, partition: int, alerts: Iterable[tuple[int, Alert, bytes]], *, rebuild: bool = False
    ) -> None:
        """Apply alert revisions, each with its offset and its JSON, in offset order."""
        rows = [
            (
                offset,
                alert.fingerprint,
                alert.state,
                alert.hospital,
                _rank(alert) * 10**13 + ms(alert.since),
                alert.revision,
                ms(alert.at),
                raw,
                alert.pump or "",
            )
            for offset, alert, raw in alerts
        ]
        await self._apply(self._alerts, topic, partition, rows, FEED_LENGTH, RESOLVED_KEPT_S, rebuild=rebuild)

    async def put_rollups(
        self, topic: str, partition: int, rollups: Iterable[tuple[int, Rollup, bytes]], *, rebuild: bool = False
    ) -> None:
        """Apply rollup partials, each with its offset and its JSON, in offset order."""
        rows = [
            (
                offset,
                f"pw:roll:{rollup.hospital}:{rollup.hour:%Y-%m-%dT%HZ}",
                "/".join((escaped(rollup.care_area), escaped(rollup.drug), str(rollup.partition))),
                rollup.hospital,
                raw,
            )
            for offset, rollup, raw in rollups
        ]
        await self._apply(self._rollups, topic, partition, rows, rebuild=rebuild)

    async def put_episodes(self, episodes: Iterable[PowerEpisode]) -> None:
        """Keep the last episodes of each pump, each in its latest revision, whatever the order they come in."""
        rows = list(episodes) if self._episodes_kept else []
        for start in range(0, len(rows), CHANGES_A_CALL):
            args: list[Any] = [self._episodes_kept, EPISODES_KEPT_S]
            for each in rows[start : start + CHANGES_A_CALL]:
                args += (each.pump, each.episode, each.revision, ms(each.started_at), encode(each))
            await self._call(self._episodes(args=args))

    async def put_windows(
        self,
        topic: str,
        partition: int,
        windows: Iterable[tuple[int, MaintenanceWindow, bytes]],
        *,
        rebuild: bool = False,
    ) -> None:
        """Apply maintenance windows, each with its offset and its JSON, in offset order."""
        rows = [
            (
                offset,
                f"pw:window:{window_key(window.hospital, window.window)}",
                f"pw:maintenance:{window.hospital}",
                window.window,
                window.hospital,
                ms(window.ends_at),
                raw,
            )
            for offset, window, raw in windows
        ]
        settings = (ENDED_WINDOW_KEPT_S, int(time.time() * 1000))
        await self._apply(self._windows, topic, partition, rows, *settings, rebuild=rebuild)

    async def put_pumps(self, clock_ms: int, pumps: Iterable[tuple[int, PowerEvent, bytes, bytes]]) -> None:
        """Show the latest state of pumps, each with its offset, its fields as JSON and its new charge samples."""
        args: list[Any] = [clock_ms, SILENT_KEPT_S, self.samples_kept, self._samples_kept_s]
        for offset, event, fields, samples in pumps:
            args += (
                offset,
                event.pump,
                event.hospital,
                int(event.infusing),
                int(event.source == "battery"),
                fields,
                samples,
            )
        await self._call(self._pumps(args=args))

    async def put_charge_before(self, samples: Mapping[str, bytes]) -> None:
        """Put charge samples of pumps before those that are stored; what is not older than those changes nothing."""
        pumps = list(samples.items()) if self.samples_kept else []
        for start in range(0, len(pumps), CHANGES_A_CALL):
            args: list[Any] = [self.samples_kept, self._samples_kept_s]
            for row in pumps[start : start + CHANGES_A_CALL]:
                args += row
            await self._call(self._charge_before(args=args))

    async def put_entries(self, lines: bytes, flagged: Iterable[tuple[int, str, bytes]]) -> None:
        """Add entries to the lists of their pumps, as the script takes them, and flagged ones whole.

        Of these each comes with its offset, its key and its JSON.
        """
        args: list[Any] = [ENTRIES_KEPT, ENTRIES_KEPT_S, lines]
        for row in flagged:
            args += row
        await self._call(self._entries(args=args))

    async def say_rebuilt(self) -> None:
        """Tell who follows the feeds to read everything afresh."""
        for hospital in await self._call(self._redis.smembers("pw:hospitals")):
            name = hospital.decode() if isinstance(hospital, bytes) else hospital
            await self._call(self._redis.xadd(f"pw:feed:{name}", {"rebuilt": "1"}, maxlen=FEED_LENGTH))

    async def put_worker(self, worker: str, fields: Mapping[Any, Any], expiry_s: int) -> None:
        """Show a worker's heartbeat; it disappears by itself when the worker does."""
        pipeline = self._redis.pipeline()
        pipeline.hset(f"pw:worker:{worker}", mapping=fields)
        pipeline.expire(f"pw:worker:{worker}", expiry_s)
        # Readers find workers here instead of searching all keys; who is gone drops out.
        pipeline.zadd("pw:workers", {worker: time.time()})
        pipeline.zremrangebyscore("pw:workers", "-inf", time.time() - expiry_s)
        await self._call(pipeline.execute())

    async def _apply(
        self, script: Any, topic: str, partition: int, rows: list[tuple[Any, ...]], *settings: Any, rebuild: bool
    ) -> None:
        for start in range(0, len(rows), CHANGES_A_CALL):
            chunk = rows[start : start + CHANGES_A_CALL]
            args: list[Any] = [f"{topic}/{partition}", chunk[-1][0], int(rebuild), *settings]
            for row in chunk:
                args += row
            await self._call(script(keys=[self._fence], args=args))

    @staticmethod
    async def _call(answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:
            raise RedisAwayError(str(error) or type(error).__name__) from error
        except RedisError as error:
            # Loading its file, read-only after a failover, out of memory: all pass.
            raise RedisAwayError(f"{type(error).__name__}: {error}") from error

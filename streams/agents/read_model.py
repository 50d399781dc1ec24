"""The read-model agent: alerts, rollups and maintenance windows to Redis. It waits while Redis is away, and alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from schemas.events import Alert, MaintenanceWindow, Rollup
from schemas.topics import ALERTS, MAINTENANCE, ROLLUPS
from streams.agents.batch_agent import BatchAgent, LetGoError
from streams.sink import RedisAwayError

if TYPE_CHECKING:
    from streams.transport import Batch

log = structlog.get_logger()

FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 3.0


class ReadModelAgent(BatchAgent):
    """Writes each batch to Redis once, in order, until it is taken."""

    name = "read-model"
    topics = (ALERTS, ROLLUPS, MAINTENANCE)

    def forget(self, partitions: set[tuple[str, int]]) -> None:
        """Keeps no state of its own."""

    async def take(self, batch: Batch) -> None:
        """Write a batch, trying again while Redis is away. Raises LetGoError if the partitions move meanwhile."""
        wait_s = FIRST_RETRY_S
        while True:
            try:
                await self._write(batch)
            except RedisAwayError as error:
                if self.context.letting_go():
                    self.redis_away = False
                    raise LetGoError from error
                self.redis_away = True
                self.context.metrics.redis_up.set(0)
                if wait_s == FIRST_RETRY_S:
                    log.warning("Redis is away, what it shows waits for it", reason=str(error))
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, LONGEST_RETRY_S)
            else:
                if wait_s != FIRST_RETRY_S:
                    log.info("Redis takes writes again")
                self.redis_away = False
                self.context.metrics.redis_up.set(1)
                return

    async def _write(self, batch: Batch) -> None:
        store = self.context.read_model
        if batch.topic == ALERTS:
            alerts = [(record.offset, alert, record.value) for record, alert in self.readable(Alert, batch.records)]
            await store.put_alerts(batch.topic, batch.partition, alerts)
        elif batch.topic == MAINTENANCE:
            windows = [
                (record.offset, window, record.value)
                for record, window in self.readable(MaintenanceWindow, batch.records)
            ]
            await store.put_windows(batch.topic, batch.partition, windows)
        else:
            rollups = [(record.offset, rollup, record.value) for record, rollup in self.readable(Rollup, batch.records)]
            await store.put_rollups(batch.topic, batch.partition, rollups)

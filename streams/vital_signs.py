"""Is the worker alive? Progress as metrics, a heartbeat in Redis, /healthz, and the watchdog that ends a stuck worker.

A worker that hangs while its process lives is the best-known failure of Faust. So the watchdog looks from a thread
of its own, at what matters: is the event loop turning, and does what was delivered get finished?
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import structlog

from streams.sink import RedisAwayError
from streams.transport.consumer import lag

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.app import StreamWorker
    from streams.transport import Batch

log = structlog.get_logger()

BEAT_S = 1.0
HEARTBEAT_EXPIRY_S = 30
# A turn of the loop takes milliseconds; a whole batch of the largest size well under a second.
LOOP_STUCK_S = 20.0


class VitalSigns:
    """What the worker knows of its own progress."""

    def __init__(self, worker: StreamWorker, die: Callable[[str], None]) -> None:
        self._worker, self._die = worker, die
        self._started = time.time()
        self._beat = time.monotonic()
        self._progress: dict[str, float] = {}
        self._records: dict[str, int] = {}
        self._lag: dict[str, int] = {}
        self._assigned = 0
        self._waiting: tuple[str, float] | None = None
        self.identity = f"{socket.gethostname()}-{os.getpid()}"

    def progressed(self, agent: str, batch: Batch, seconds: float) -> None:
        """Note a finished batch."""
        metrics = self._worker.metrics
        self._progress[agent] = time.time()
        self._records[agent] = self._records.get(agent, 0) + len(batch.records)
        metrics.records.labels(agent, batch.topic).inc(len(batch.records))
        metrics.batch_seconds.labels(agent).observe(seconds)
        metrics.last_progress.labels(agent).set(self._progress[agent])

    async def run(self) -> None:
        """Beat: refresh metrics and tell Redis, until cancelled."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        while True:
            self._beat = time.monotonic()
            self._look()
            try:
                await asyncio.wait_for(
                    self._worker.context.read_model.put_worker(self.identity, self._fields(), HEARTBEAT_EXPIRY_S),
                    BEAT_S,
                )
            except (RedisAwayError, TimeoutError):
                self._worker.metrics.redis_up.set(0)
            await asyncio.sleep(BEAT_S)

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether the pipeline makes progress here, and why (not)."""
        problems = []
        if time.monotonic() - self._beat > LOOP_STUCK_S / 2:
            problems.append("the event loop does not turn")
        if not self._assigned:
            problems.append("no partitions are assigned yet")
        if self._waiting and self._waiting[1] > self._worker.settings.watchdog_s / 2:
            problems.append(f"{self._waiting[0]} has waited {self._waiting[1]:.0f} s")
        body = {
            "ok": not problems,
            "problems": problems,
            "worker": self.identity,
            "partitions": self._assigned,
            "lag": self._lag,
            "records": self._records,
            "last_progress_at": self._progress,
        }
        return not problems, body

    def _look(self) -> None:
        worker, consumer = self._worker, self._worker.consumer
        try:
            assigned = consumer.assignment()
        except Exception:  # noqa: BLE001 (Faust raises its own kinds while it is starting or stopping)
            assigned = set()
        self._assigned = len(assigned)
        lags: dict[str, int] = {}
        for tp, records in lag(consumer, assigned).items():
            lags[tp.topic] = lags.get(tp.topic, 0) + records
        self._lag = lags
        waited = consumer.oldest_wait_s()
        self._waiting = (f"{waited[0].topic}/{waited[0].partition}", waited[1]) if waited else None
        worker.metrics.partitions.set(self._assigned)
        worker.metrics.waiting.set(waited[1] if waited else 0)
        for topic, records in lags.items():
            worker.metrics.lag.labels(topic).set(records)

    def _fields(self) -> dict[str, Any]:
        dead = sum(
            sample.value
            for family in self._worker.metrics.dead_letters.collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        )
        return {
            "started_at": round(self._started, 3),
            "at": round(time.time(), 3),
            "last_progress_at": round(max(self._progress.values(), default=0.0), 3),
            "waiting_s": round(self._waiting[1], 3) if self._waiting else 0,
            "lag": sum(self._lag.values()),
            "partitions": self._assigned,
            "records_total": sum(self._records.values()),
            "dead_letters_total": int(dead),
            "agents": json.dumps({"records": self._records, "last_progress_at": self._progress}),
        }

    def _watch(self) -> None:
        """End the process when it stopped making progress; a supervisor starts it again and nothing is lost."""
        while True:
            time.sleep(BEAT_S)
            if self._worker.app.should_stop:
                return
            stuck_s = time.monotonic() - self._beat
            if stuck_s > LOOP_STUCK_S:
                self._die(f"the event loop has not turned for {stuck_s:.0f} s")
                return
            waiting = self._waiting
            if waiting and waiting[1] > self._worker.settings.watchdog_s and not self._waits_for_servers():
                self._die(f"a batch of {waiting[0]} has not been finished for {waiting[1]:.0f} s")
                return

    def _waits_for_servers(self) -> bool:
        """Redis or Kafka being away is no reason to start again: nothing would be better."""
        if not self._worker.metrics.redis_up._value.get():  # noqa: SLF001 (the client offers no other way to read)
            return True
        return any(agent.outbox.waiting for agent in self._worker.agents)

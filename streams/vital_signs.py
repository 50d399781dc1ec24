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

from streams.cluster import Cluster, ClusterError
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
# A process that stood still (frozen, swapped out) for as long as a session may have lost its partitions meanwhile.
STOOD_STILL_S = 10.0


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
        self._kafka_was_away = 0.0
        self._cpu_s = time.process_time()
        self._beating = False  # Faust starts tasks last: batches may come before the first beat
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
        self._beat, self._cpu_s, self._beating = time.monotonic(), time.process_time(), True
        while True:
            self.check_awake()
            self._beat, self._cpu_s = time.monotonic(), time.process_time()
            self._look()
            try:
                await asyncio.wait_for(
                    self._worker.context.read_model.put_worker(self.identity, self._fields(), HEARTBEAT_EXPIRY_S),
                    BEAT_S,
                )
            except (RedisAwayError, TimeoutError):
                self._worker.metrics.redis_up.set(0)
            else:
                self._worker.metrics.redis_up.set(not any(agent.redis_away for agent in self._worker.agents))
            await asyncio.sleep(BEAT_S)

    def check_awake(self) -> None:
        """End a process that stood still: another may have its partitions, and what is in work here is old.

        Called before anything is applied. Sums and alerts of both would stand in one topic, the older ones last.
        """
        stood_s = time.monotonic() - self._beat
        limit_s = max(STOOD_STILL_S, self._worker.settings.session_timeout_s)
        if not self._beating or stood_s <= limit_s:
            return
        stood_s -= time.process_time() - self._cpu_s  # busy is not still: heartbeats have a thread of their own
        if stood_s > limit_s:
            self._die(f"the worker stood still for {stood_s:.0f} s and may have lost its partitions")

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
        waits = consumer.waits_s()
        tp = max(waits, key=waits.__getitem__, default=None)
        self._waiting = None if tp is None else (f"{tp.topic}/{tp.partition}", waits[tp])
        worker.metrics.partitions.set(self._assigned)
        worker.metrics.waiting.set(self._waiting[1] if self._waiting else 0)
        for agent in worker.agents:
            agent.outbox.serve()
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
        while not self._worker.app.should_stop:
            time.sleep(BEAT_S)
            try:
                problem = self.stuck()
            except Exception:
                log.exception("the watchdog could not look")  # it must outlive whatever it looks at
                continue
            if problem and not self._worker.app.should_stop:
                self._die(problem)
                return

    def stuck(self) -> str | None:
        """Why the process must end, or None. Being away of Redis or Kafka is no reason: nothing would be better."""
        worker, now = self._worker, time.monotonic()
        if (stuck_s := now - self._beat) > LOOP_STUCK_S:
            return f"the event loop has not turned for {stuck_s:.0f} s"
        for follower in worker.followers:
            if not follower.is_alive():
                return f"the {follower.what} are no longer followed"
        for tp, since_s in worker.consumer.waits_s().items():
            # While the loop does not turn no batch can be finished: it is the loop that is judged.
            waited_s = since_s - stuck_s
            readers = [agent for agent in worker.agents if tp.topic in agent.topics]
            if waited_s > worker.settings.watchdog_s and not any(agent.excused(waited_s) for agent in readers):
                return f"a batch of {tp.topic}/{tp.partition} has not been finished for {waited_s:.0f} s"
        return self._fetches_nothing(now)

    def _fetches_nothing(self, now: float) -> str | None:
        """A consumer that asks for nothing, in a rebalance that does not end for example, while Kafka is there."""
        worker = self._worker
        limit_s = max(worker.settings.watchdog_s, 2 * worker.app.conf.broker_rebalance_timeout)
        unasked_s = now - max(worker.consumer.fetched_at, self._kafka_was_away)
        if unasked_s <= limit_s:
            return None
        try:
            Cluster(worker.settings.confluent()).metadata(BEAT_S)
        except ClusterError:
            self._kafka_was_away = time.monotonic()
            return None
        if any(agent.excused(unasked_s) for agent in worker.agents):
            return None
        return f"nothing was fetched for {unasked_s:.0f} s though Kafka answers"

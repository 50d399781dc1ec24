"""What a worker learns and hears of others' learning, and when it tells: the Kafka side of `streams.intent.learned`."""

from __future__ import annotations

import asyncio
import time
from itertools import chain
from typing import TYPE_CHECKING

import msgspec
import structlog

from schemas.codec import encode
from schemas.envelope import headers
from schemas.topics import INTENT_STATE
from streams.intent import learning
from streams.intent.learned import Learned
from streams.intent.teacher import Teacher
from streams.learned_states import StateFollower, StateReader, state_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from confluent_kafka import Message

    from schemas.events import IntentState
    from schemas.library import Library
    from streams.learned_states import Furthest
    from streams.outbox import Outbox
    from streams.settings import Settings
    from streams.worker_metrics import WorkerMetrics

log = structlog.get_logger()

# So long the loop may take states over, and tell its own, at a time: an alert must not wait for them.
AT_A_TIME_S = 0.02
RESTORED_AT_A_TIME = 200


class LearningHere:
    """Learned counts of this worker: taught by its own partitions, taken over from the topic for all others."""

    def __init__(self, settings: Settings, outbox: Outbox, metrics: WorkerMetrics) -> None:
        figures = msgspec.structs.replace(learning.load(), memory_mb=settings.intent_learned_mb)
        self.learned = Learned(figures)
        self._reader = StateReader()
        self.follower = StateFollower(settings.confluent(), self._reader)
        self._teaches = settings.intent_learning == "on"
        self._every_s = settings.intent_state_every_s
        self._outbox = outbox
        self._metrics = metrics
        self._own: set[int] = set()
        self._told_at = time.monotonic()
        self._untold: Iterator[IntentState] = iter(())
        self._all_told = True

    def teacher(self, libraries: Callable[[str], Library], partition: int) -> Teacher | None:
        """Who teaches from a partition; nobody while learning is frozen."""
        return Teacher(self.learned, libraries, partition) if self._teaches else None

    def read(self, partition: int, messages: Iterable[Message]) -> list[Furthest]:
        """What the partition taught so far; may run in a thread."""
        return self._reader.furthest(partition, messages)

    async def take_up(self, partition: int, states: list[Furthest]) -> None:
        """Go on from what a partition taught so far."""
        for number, one in enumerate(states):
            if number % RESTORED_AT_A_TIME == 0:
                await asyncio.sleep(0)  # other agents go on meanwhile
            state = self._reader.read(one.raw)
            if state is not None:
                self.learned.put(state)
                if one.older_last:
                    self.learned.tell_again(state)
        self._own.add(partition)

    def turn(self) -> None:
        """Take over what was heard, and tell what changed if it is time; to be called often, in the loop."""
        began = time.monotonic()
        while time.monotonic() - began < AT_A_TIME_S:
            state = self.follower.fetch()
            if state is None:
                break
            self.learned.put(state)
        self._metrics.learned.set(len(self.learned))
        if self._all_told and began - self._told_at >= self._every_s:
            self._told_at, self._all_told = began, False
            self._untold = self._changed(tuple(self._own))
        while not self._outbox.crowded and time.monotonic() - began < 2 * AT_A_TIME_S:
            state = next(self._untold, None)
            if state is None:
                self._all_told = True
                break
            self._tell(state)

    def let_go(self, partitions: Iterable[int]) -> None:
        """Tell what changed in partitions that are taken away; from now on another worker teaches there."""
        gone = self._own.intersection(partitions)
        self._tell_all(gone)
        self._own -= gone

    def close(self) -> None:
        """Tell what is untold."""
        self._tell_all(self._own)

    def _tell_all(self, partitions: Iterable[int]) -> None:
        # First what its turn came for: it no longer counts as changed.
        for state in chain(self._untold, self._changed(partitions)):
            self._tell(state)

    def _changed(self, partitions: Iterable[int]) -> Iterator[IntentState]:
        return chain.from_iterable(map(self.learned.take_changed, partitions)) if self._teaches else iter(())

    def _tell(self, state: IntentState) -> None:
        self._outbox.send(
            INTENT_STATE,
            key=state_key(state).encode(),
            value=encode(state),
            partition=state.partition,
            headers=headers(state, INTENT_STATE),
        )
        self._metrics.published.labels(INTENT_STATE).inc()

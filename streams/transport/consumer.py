"""Faust's Kafka consumer, delivering batches and committing only what took full effect.

What differs from stock Faust, and why:

* one message per (fetch, partition), so a record costs no futures;
* the committed offset is the finished prefix (stock Faust commits past an unfinished message, issue #606), held
  back by open work;
* a partition with four unfinished batches is not fetched from, so one slow effect (Redis away) never blocks the
  others or fills memory;
* partitions are assigned by range: the same partition number of all topics meets in one worker;
* the fetch wait is a setting (stock Faust fixes 1.5 s).
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.transport.batches import Batch
from streams.transport.progress import PartitionProgress

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

log = structlog.get_logger()

# Batches of a partition on their way: enough that the next is at hand while the last is being confirmed.
MAX_IN_FLIGHT = 4
# While some partitions are left out of a fetch it must end soon, so that they are not left out for long.
SATURATED_FETCH_S = 0.01
# A broker answers a fetch within `fetch_max_wait_ms`, also where there is nothing to fetch.
END_KNOWN_MS = 2000


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread with our assignor and fetch wait."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # aiokafka reads both when it starts; Faust offers no setting for either.
        for name, value in (
            ("_fetch_max_wait_ms", self.consumer.fetch_max_wait_ms),
            ("_partition_assignment_strategy", [RangePartitionAssignor]),
        ):
            if not hasattr(consumer, name):
                raise RuntimeError(f"this aiokafka has no `{name}`; install the locked version")
            setattr(consumer, name, value)
        return consumer

    def read_to_end(self, tp: TP, within_ms: int) -> int | None:
        """The offset of what comes next in a partition that was read to its end, else None.

        Its end is what the broker said within the last so many ms: while it is away, nobody knows.
        """
        subscription = self._ensure_consumer()._subscription.subscription  # noqa: SLF001 (no public way without a wait)
        state = subscription.assignment.state_value(tp) if subscription is not None else None
        if state is None or state.timestamp is None or not state.has_valid_position:
            return None
        fresh = time.time() * 1000 - state.timestamp <= within_ms
        return state.position if fresh and state.position == state.highwater else None

    async def seek_to_committed(self) -> Any:
        """Seek to the committed offsets, and to the beginning where there is none.

        aiokafka leaves a partition without a commit (or with 0) where it is, so what was fetched and dropped during a
        rebalance would never be read. Where the log begins later, offset 0 is out of range and read from its start.
        """
        return await self.call_thread(self._seek_to_committed)

    async def _seek_to_committed(self) -> Any:
        consumer = self._ensure_consumer()
        committed = await consumer.seek_to_committed()
        assigned = consumer.assignment()
        for partition, offset in committed.items():
            if (offset is None or offset <= 0) and partition in assigned:
                consumer.seek(partition, 0)
        return committed


class BatchConsumer(driver.Consumer):
    """A consumer all of whose topics are delivered in batches."""

    fetch_max_wait_ms = 100

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.progress: defaultdict[TP, PartitionProgress] = defaultdict(PartitionProgress)
        self._in_work = 0
        self.fetched_at = time.monotonic()
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    # -- delivery

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 (Faust's)
        active = active_partitions or set()
        ready = {tp for tp in active if self.progress[tp].in_flight < MAX_IN_FLIGHT}
        if not ready:
            await asyncio.sleep(SATURATED_FETCH_S)
            return {}
        return await super()._getmany(ready, timeout if len(ready) == len(active) else SATURATED_FETCH_S)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Batch]]:  # noqa: ASYNC109 (Faust's)
        """Yield a batch for each partition that the next fetch brings records for."""
        records, active = await self._wait_next_records(timeout)
        self.fetched_at = time.monotonic()
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            # A rebalance began while we fetched: what was fetched will be read again.
            try:
                await self.perform_seek()
            except Exception as error:  # noqa: BLE001 (in mid-rebalance nothing may be assigned; it seeks again at its end)
                log.info("no seek in the middle of a rebalance", reason=repr(error))
            return
        for partition, fetched in records.items():
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            tp = TP(partition.topic, partition.partition)
            if not fetched or (active is not None and tp not in active):
                continue
            batch = Batch.of(tp, fetched, generation)
            read = self._read_offset[tp]
            if read is not None and batch.offset < read:
                continue  # Faust drops it too: the partition was sought forward meanwhile
            self.progress[tp].deliver(batch.offset, time.monotonic())
            yield tp, batch

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets between batches are no gap: progress counts batches."""

    # -- acknowledgement

    def hold(self, tp: TP, offset: int | None) -> None:
        """Keep the commit of `tp` at or before `offset`; None lets it follow the finished batches."""
        self.progress[tp].hold(offset)

    def ack(self, message: Batch) -> bool:
        """Note that every agent has finished the batch. Called by Faust when the last one acknowledges."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        return self.progress[message.tp].finish(message.offset)

    def begin(self) -> None:
        """Note that an agent took a batch from its queue."""
        self._in_work += 1

    def end(self) -> None:
        """Note that an agent let go of a batch: finished, or untouched and to be read again."""
        self._in_work -= 1
        waiter = self._waiting_for_ack
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return (tp for tp in list(self.progress) if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        return self.progress[tp].committable()

    # -- rebalance

    async def wait_empty(self) -> None:
        """Wait until no agent works on a batch, then commit.

        Faust waits for every message that somebody still refers to. Of two agents on a topic one may be done with a
        batch that was cleared from the queue of the other: nobody finishes it, and the rebalance would never end.
        """
        while not self.should_stop and self._in_work:
            await self._wait_for_ack(timeout=1)
        await self.commit_and_end_transactions()

    async def perform_seek(self) -> None:
        """Seek to the committed offsets; batches on their way will come again."""
        for progress in self.progress.values():
            progress.forget()
        await super().perform_seek()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let batches in work finish and commit, then forget the partitions."""
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self.progress.pop(tp, None)

    # -- where there is nothing to do

    def at_end(self, topic: str) -> dict[int, int]:
        """The partitions of a topic that are read to their end and finished, with the offset of what comes next."""
        try:
            assigned = [tp for tp in self.assignment() if tp.topic == topic and self.flow_active]
            ends = {tp: self._thread.read_to_end(tp, END_KNOWN_MS) for tp in assigned if not self._on_its_way(tp)}
        except Exception:  # noqa: BLE001 (Faust and aiokafka raise their own kinds while they start, stop or rebalance)
            return {}
        return {tp.partition: offset for tp, offset in ends.items() if offset is not None}

    def _on_its_way(self, tp: TP) -> bool:
        progress = self.progress.get(tp)
        return progress is not None and progress.in_flight > 0

    # -- what the watchdog asks

    def waits_s(self) -> dict[TP, float]:
        """For how many seconds the oldest delivered batch of each partition has waited, where one waits."""
        now = time.monotonic()
        return {
            tp: now - since
            for tp, progress in list(self.progress.items())
            if (since := progress.waiting_since) is not None
        }


def lag(consumer: BatchConsumer, partitions: Iterable[TP]) -> dict[TP, int]:
    """Records between what may be committed and the end of each partition, where both are known."""
    lags = {}
    for tp in partitions:
        done, end = consumer.progress[tp].committable(), consumer.highwater(tp)
        if done is not None and end is not None:
            lags[tp] = max(0, end - done)
    return lags


def use_batches(app: Any, fetch_max_wait_ms: int) -> None:
    """Make `app` consume all its topics in batches; call before the app starts."""

    class Consumer(BatchConsumer):
        pass

    class Transport(driver.Transport):
        pass

    Consumer.fetch_max_wait_ms = fetch_max_wait_ms
    Transport.Consumer = Consumer
    app.transport = Transport(app.conf.broker_consumer, app)

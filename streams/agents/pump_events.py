"""What the dose agent and the power agent have in common: pump events in, derived events out, one state a partition.

State comes back from our own output. The tail of the output topic tells the last source position that was
published, so after a crash the same records are read again and nothing is published twice.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from schemas.codec import EventRefused, check_key, check_plausible
from streams.agents.batch_agent import BatchAgent, last_position, unexpected
from streams.positions import BEFORE_ALL, Position, read_position

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiokafka import ConsumerRecord
    from confluent_kafka import Message

    from streams.transport import Batch

# The tail that is read back reaches at least this far, in broker time: corrections are looked for over 30 minutes
# and an open episode is published again every 15.
READ_BACK_MS = 40 * 60_000
READ_BACK_RECORDS = 2000


class Decisions(Protocol):
    """The pure side of one partition."""

    def apply(self, event: Any, offset: int, /) -> list[Any]:
        """What an event leads to, in order. Raises EventRefused."""

    def restore(self, published: Iterable[tuple[Any, int]], /) -> None:
        """Take up from what was published, each with the offset of the record it came from."""


@dataclass(slots=True)
class PartitionState:
    """Decisions of one partition and how far they reach."""

    decisions: Any
    published: Position
    buried: int
    applied: int = -1


class PumpEventAgent(BatchAgent):
    """Agent over one topic of pump events with one output topic."""

    source: ClassVar[str]
    output: ClassVar[str]
    event: ClassVar[type[Any]]
    derived: ClassVar[type[Any]]

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._states: dict[int, PartitionState] = {}
        self._restores = asyncio.Lock()
        self._forgotten = 0

    @abstractmethod
    def decisions(self, partition: int) -> Decisions:
        """Fresh decisions for a partition."""

    def applied(self, event: Any, offset: int) -> None:
        """Called for every event that was taken; for side views that need no durability."""

    def derived_from(self, offset: int, derived: Any) -> None:
        """Called for all that the record at `offset` leads to, read again too; for side views that take it twice."""

    def read_back(self, tail: list[Message]) -> None:
        """Called, in a thread, with the last records of our own output, from which a partition was restored."""

    async def restored_here(self, partition: int, state: PartitionState) -> None:
        """Called in the event loop with a state just restored, before anything is applied to it."""

    def forget(self, partitions: set[tuple[str, int]]) -> None:
        """Drop the state of partitions of our source topic."""
        self._forgotten += 1
        for topic, partition in partitions:
            if topic == self.source:
                self._states.pop(partition, None)

    async def take(self, batch: Batch) -> None:
        """Apply the records of a batch and send what they lead to."""
        async with self._restores:
            state = self._states.get(batch.partition)
            if state is None:
                state = await self._restored_state(batch.partition, batch.records[0].offset)
                self._states[batch.partition] = state
        for record, event in self.decoded(self.event, batch.records, state.applied, state.buried):
            self._apply(state, record, event)
        state.applied = max(state.applied, batch.offset)

    async def wake(self, partition: int, next_offset: int) -> None:
        """Restore the state of a partition that nothing came from yet, to go on from the record at `next_offset`."""
        async with self._restores:
            if partition in self._states:
                return
            forgotten = self._forgotten
            state = await self._restored_state(partition, next_offset)
            if forgotten == self._forgotten:  # else it may have been taken away meanwhile
                self._states[partition] = state

    async def _restored_state(self, partition: int, first_offset: int) -> PartitionState:
        state = await self.restored(self.restore, partition, first_offset)
        await self.restored_here(partition, state)
        return state

    def state(self, partition: int) -> PartitionState | None:
        """The state of a partition that this worker has read from."""
        return self._states.get(partition)

    def _apply(self, state: PartitionState, record: ConsumerRecord, event: Any) -> None:
        offset = record.offset
        try:
            check_key(record.key, event.pump)
            check_plausible(event, record.timestamp)
            outcome = state.decisions.apply(event, offset)
        except EventRefused as refusal:
            self.refuse(record, refusal, state.buried)
            return
        except Exception as error:  # noqa: BLE001 (one event must not stop a worker; it is kept and reported)
            self.refuse(record, unexpected(record, error), state.buried)
            return
        for index, derived in enumerate(outcome):
            if (offset, index) > state.published:
                self.publish(self.output, derived.pump, derived, record, (offset, index))
            self.derived_from(offset, derived)
        self.accept(record)
        self.applied(event, offset)

    def restore(self, partition: int, first_offset: int) -> PartitionState:
        """The state of a partition from what it published; runs in a thread."""
        newest = self.readback.tail(self.output, partition, 1, lambda _: True)
        horizon = newest[-1].timestamp()[1] - READ_BACK_MS if newest else 0
        tail = self.readback.tail(
            self.output, partition, READ_BACK_RECORDS, lambda first: bool(first.timestamp()[1] < horizon)
        )
        published = last_position(tail, self.source)
        # The records of the last position may be there in part; read again, that record completes them.
        complete = published[0] if published[0] < first_offset else published[0] - 1
        decisions = self.decisions(partition)
        decisions.restore(self._complete(tail, complete))
        self.read_back(tail)
        return PartitionState(decisions, published, self.last_buried(self.source, partition))

    def _complete(self, tail: Iterable[Message], complete: int) -> Iterable[tuple[Any, int]]:
        """What was published up to the source offset `complete`, each position once and in order."""
        last = BEFORE_ALL
        for message, derived in self.published(self.derived, tail):
            found = read_position(message.headers())
            if found is not None and found[0] == self.source and last < found[1] and found[1][0] <= complete:
                last = found[1]
                yield derived, last[0]

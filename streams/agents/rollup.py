"""The rollup agent: scores and episodes to partial sums per source partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import DoseScore, PowerEpisode, Rollup
from schemas.topics import DOSE_SCORES, POWER_EPISODES, ROLLUPS
from streams.agents.batch_agent import BatchAgent
from streams.positions import read_position
from streams.rollups.partition import RollupPartition

if TYPE_CHECKING:
    from streams.agents.context import WorkerContext
    from streams.transport import Batch

EVENTS: dict[str, type[DoseScore | PowerEpisode]] = {DOSE_SCORES: DoseScore, POWER_EPISODES: PowerEpisode}


class RollupAgent(BatchAgent):
    """Adds up per hospital, care area, drug and hour; the sums come back from the compacted rollups topic itself.

    A record that cannot be read is left to the alert agent, which reads the same topics and keeps it.
    """

    name = "rollup"
    topics = (DOSE_SCORES, POWER_EPISODES)

    def __init__(self, context: WorkerContext) -> None:
        super().__init__(context)
        self._partitions: dict[int, RollupPartition] = {}

    def forget(self, partitions: set[tuple[str, int]]) -> None:
        """Drop the sums of partitions that were taken away."""
        for topic, partition in partitions:
            if topic in EVENTS:
                self._partitions.pop(partition, None)

    async def take(self, batch: Batch) -> None:
        """Add the records of a batch and send the sums that changed."""
        partition = batch.partition
        if partition not in self._partitions:
            self._partitions[partition] = await self.restored(self._restore, partition)
        sums = self._partitions[partition]
        for record, event in self.readable(EVENTS[batch.topic], batch.records):
            found = read_position(record.headers)
            position = found[1] if found is not None else (record.offset, 0)
            if isinstance(event, DoseScore):
                sums.apply_score(event, position)
            else:
                sums.apply_episode(event, position)
        self.publish_rollups(sums.take_changed(), partition)

    def _restore(self, partition: int) -> RollupPartition:
        sums = RollupPartition(partition)
        sums.restore(rollup for _, rollup in self.published(Rollup, self.readback.whole(ROLLUPS, partition)))
        return sums

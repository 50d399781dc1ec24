"""The power agent: power events to episodes of infusing on battery, and the live state of pumps."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from faust.types import TP

from schemas.codec import ms
from schemas.events import Alert, PowerEpisode, PowerEvent, Rollup
from schemas.topics import ALERTS, POWER, POWER_EPISODES, ROLLUPS
from streams.agents.pump_events import PumpEventAgent
from streams.agents.stillness import Stillness
from streams.lost_mains import EpisodeFollower
from streams.power.losses import UnitLosses
from streams.power.partition import PowerPartition
from streams.rollups.infusing import InfusingCells

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.events import BatteryHealth
    from streams.agents.context import WorkerContext
    from streams.agents.pump_events import PartitionState

# What was added up and not told before a crash is lost, and with any restart what a pump infused since its last change
# or step: nine minutes at most.
TELL_EVERY_S = 30.0
LAST_WORDS_S = 2.0
# So often it is looked whether nothing comes; the indices of what that leads to follow those of any one record.
LOOK_EVERY_S = 5.0
STILL_FROM_S = 30.0
AFTER_THE_RECORD = 1000
# So long the loop may take over what other partitions published at a time.
AT_A_TIME_S = 0.02


class PowerAgent(PumpEventAgent):
    """Follows every pump's power and publishes each revision of each episode."""

    name = "power"
    topics = (POWER,)
    source, output = POWER, POWER_EPISODES
    event, derived = PowerEvent, PowerEpisode

    def __init__(self, context: WorkerContext) -> None:
        super().__init__(context)
        self._losses = UnitLosses()
        self.follower = EpisodeFollower(context.settings.confluent())
        self._cells: dict[int, InfusingCells] = {}
        self._told_at = self._looked_at = time.monotonic()
        self._stillness = Stillness()
        self._waking: asyncio.Task[None] | None = None

    def decisions(self, partition: int) -> PowerPartition:  # noqa: ARG002 (all alike)
        """Decisions of a partition; all know which pumps of a unit lost the mains."""
        return PowerPartition(losses=self._losses)

    def restore(self, partition: int, first_offset: int) -> PartitionState:
        """The state of a partition from its published episodes, and worn batteries from their alerts."""
        state = super().restore(partition, first_offset)
        alerts = (alert for _, alert in self.published(Alert, self.readback.whole(ALERTS, partition)))
        for pump, health in newest_verdicts(alerts).items():
            state.decisions.remember(pump, health)
        cells = InfusingCells(partition)
        cells.restore(rollup for _, rollup in self.published(Rollup, self.readback.whole(ROLLUPS, partition)))
        state.decisions.infusing.through = cells.through
        self._cells[partition] = cells
        return state

    def turn(self) -> None:
        """Take over what other partitions published, and tell how long pumps infused if it is time."""
        began = time.monotonic()
        if began - self._told_at >= TELL_EVERY_S and not self.outbox.crowded:
            self._told_at = began
            for partition in list(self._cells):
                self.take_infusing(partition)
        if began - self._looked_at >= LOOK_EVERY_S and not self.outbox.crowded:
            self._looked_at = began
            self.listen(began)
        while time.monotonic() - began < AT_A_TIME_S and (episode := self.follower.fetch()) is not None:
            back = episode.ended_at or episode.paused_at
            self._losses.note(
                (episode.hospital, episode.care_area),
                episode.pump,
                ms(episode.started_at),
                0 if back is None else ms(back),
            )
            # From all partitions, by every worker: each revision is written once, and no crash leaves a gap.
            self.context.live_pumps.note_episode(episode)

    def listen(self, now_s: float) -> None:
        """Tell of pumps that fell silent where nothing comes any more, though all that there is was read."""
        if self._waking is not None and self._waking.done():
            self._waking.result()  # what failed there ends the worker, as it would in a batch
            self._waking = None
        at_end = self.context.at_end(self.source)
        for partition, still_s in self._stillness.look(at_end, now_s).items():
            state = self.state(partition)
            if still_s < STILL_FROM_S:
                continue
            if state is not None:
                self.tell_silent(partition, state, at_end[partition], still_s)
            elif self._waking is None:
                # Nothing came since the worker has the partition; a pump may have fallen silent before.
                self._waking = asyncio.get_running_loop().create_task(self.wake(partition, at_end[partition]))

    def tell_silent(self, partition: int, state: PartitionState, next_offset: int, still_s: float) -> None:
        """Publish which pumps of a partition fell silent, at positions behind what its last record led to."""
        for episode in state.decisions.still(still_s):
            offset, index = max(state.published, (next_offset - 1, AFTER_THE_RECORD))
            state.published = offset, index + 1
            self.publish(self.output, episode.pump, episode, TP(self.source, partition), state.published)

    def take_infusing(self, partition: int) -> None:
        """Publish how long the pumps of a partition infused, where that changed."""
        state, cells = self.state(partition), self._cells.get(partition)
        if state is None or cells is None or state.applied < 0:
            return
        cells.add(state.decisions.infusing.take(), state.applied, test=state.decisions.infusing.test)
        self.publish_rollups(cells.take_changed(), partition)

    def applied(self, event: PowerEvent, offset: int) -> None:
        """Show the pump's state in Redis."""
        self.context.live_pumps.note(offset, event)

    def forget(self, partitions: set[tuple[str, int]]) -> None:
        """Drop the state of partitions that moved, and what is known of their pumps in Redis."""
        for topic, partition in partitions:
            if topic == self.source:
                self.take_infusing(partition)
                self._cells.pop(partition, None)
        self.outbox.flush(LAST_WORDS_S)  # before another worker reads it back
        super().forget(partitions)
        self.context.live_pumps.forget()

    def close(self) -> None:
        """Tell how long pumps infused, as far as Kafka is there."""
        for partition in list(self._cells):
            self.take_infusing(partition)
        self.outbox.flush(LAST_WORDS_S)
        super().close()


def newest_verdicts(alerts: Iterable[Alert]) -> dict[str, BatteryHealth]:
    """The last verdict on the battery of each pump, from alerts in any order and with any number of revisions."""
    newest: dict[str, tuple[int, BatteryHealth]] = {}
    for alert in alerts:
        pump, health = alert.pump, alert.subject.battery
        if pump is not None and health is not None and alert.revision >= newest.get(pump, (0, health))[0]:
            newest[pump] = alert.revision, health
    return {pump: health for pump, (_, health) in newest.items()}

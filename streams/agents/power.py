"""The power agent: power events to episodes of infusing on battery, and the live state of pumps."""

from __future__ import annotations

from schemas.events import PowerEpisode, PowerEvent
from schemas.topics import POWER, POWER_EPISODES
from streams.agents.pump_events import PumpEventAgent
from streams.power.partition import PowerPartition


class PowerAgent(PumpEventAgent):
    """Follows every pump's power and publishes each revision of each episode."""

    name = "power"
    topics = (POWER,)
    source, output = POWER, POWER_EPISODES
    event, derived = PowerEvent, PowerEpisode

    def decisions(self, partition: int) -> PowerPartition:  # noqa: ARG002 (all alike)
        """Decisions of a partition."""
        return PowerPartition()

    def applied(self, event: PowerEvent, offset: int) -> None:
        """Show the pump's state in Redis."""
        self.context.live_pumps.note(offset, event)

    def forget(self, partitions: set[tuple[str, int]]) -> None:
        """Drop the state of partitions that moved, and what is known of their pumps in Redis."""
        super().forget(partitions)
        self.context.live_pumps.forget()

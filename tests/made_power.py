"""One pump's power over time, told as steps, for tests of episodes and alerts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.codec import EventRefused
from schemas.events import PowerEpisode, PowerEvent
from streams.power.partition import PowerPartition
from tests.made_events import heartbeat

START = datetime(2026, 11, 23, 8, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """The time so many minutes after 08:00."""
    return START + timedelta(milliseconds=round(minutes * 60_000))


class Pump:
    """Makes the events of one pump; seq counts up in the order of making."""

    def __init__(self, name: str = "P1", **always: Any) -> None:
        self.name = name
        self.made = 0
        self.always = always

    def mains(self, minutes: float, **changes: Any) -> PowerEvent:
        """On mains and infusing."""
        return self._event(minutes, {"source": "mains", "charging": True} | changes)

    def battery(self, minutes: float, charge: float = 80.0, **changes: Any) -> PowerEvent:
        """On battery and infusing."""
        return self._event(minutes, {"source": "battery", "charging": False, "charge_pct": charge} | changes)

    def stretch(self, start: float, end: float, *, every: float = 1.0, charge: float = 80.0) -> list[PowerEvent]:
        """On battery from `start` up to, and without, `end`."""
        return [self.battery(start + step * every, charge) for step in range(round((end - start) / every))]

    def _event(self, minutes: float, changes: dict[str, Any]) -> PowerEvent:
        self.made += 1
        return heartbeat(self.name, self.made, at(minutes), **(self.always | changes))


def play(partition: PowerPartition, events: list[PowerEvent], first_offset: int = 0) -> list[PowerEpisode]:
    """Every revision that the events lead to, in order."""
    revisions = []
    for offset, event in enumerate(events, first_offset):
        revisions += partition.apply(event, offset)
    return revisions


def refusal(partition: PowerPartition, event: PowerEvent, offset: int = 0) -> EventRefused | None:
    """Why an event is refused, or None."""
    try:
        partition.apply(event, offset)
    except EventRefused as refused:
        return refused
    return None


def closed(revisions: list[PowerEpisode]) -> list[PowerEpisode]:
    """The last revisions."""
    return [revision for revision in revisions if revision.ended_at is not None]

"""The stream's own code over partitions as Kafka makes them: episodes and alerts, without a broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.codec import EventRefused, ms
from services.evaluate.power_told import Empty, Episode, Told
from streams.alerts.partition import AlertPartition
from streams.alerts.rules import load_rules
from streams.power.losses import UnitLosses
from streams.power.partition import PowerPartition

if TYPE_CHECKING:
    from schemas.events import Alert, PowerEpisode
    from services.evaluate.power_world import Heard

PARTITIONS = 12


class Stream:
    """Power and alert partitions as a worker has them."""

    def __init__(self) -> None:
        rules = load_rules()
        self.told = Told()
        # A worker adds to its own what the other partitions published of their units, within a second or two.
        losses = UnitLosses()
        self._power = [PowerPartition(losses=losses) for _ in range(PARTITIONS)]
        self._alerts = [AlertPartition(rules) for _ in range(PARTITIONS)]
        self._offsets = [0] * PARTITIONS
        self._of: dict[str, int] = {}

    def hear(self, heard: Heard) -> None:
        """Apply an event, and the alert decisions to what it leads to."""
        event = heard.event
        number = self._of.get(event.pump)
        if number is None:
            number = self._of[event.pump] = (murmur2(event.pump.encode()) & 0x7FFF_FFFF) % PARTITIONS
        self._offsets[number] += 1
        try:
            revisions = self._power[number].apply(event, self._offsets[number])
        except EventRefused:
            self.told.refused += 1
            return
        for revision in revisions:
            self._note_episode(revision)
            for alert in self._alerts[number].apply_episode(revision):
                self._note_alert(alert, heard)

    def _note_episode(self, revision: PowerEpisode) -> None:
        self.told.episodes[revision.episode] = Episode(
            revision.pump,
            ms(revision.started_at),
            ms(revision.ended_at or revision.paused_at or revision.at),
            revision.minutes,
            revision.cause,
        )
        if revision.empty_at is not None and revision.ended_at is None:
            earliest, latest = revision.empty_from, revision.empty_to
            self.told.empty[revision.pump] = Empty(
                ms(revision.empty_at), ms(earliest) if earliest else None, ms(latest) if latest else None
            )
        else:
            self.told.empty.pop(revision.pump, None)

    def _note_alert(self, alert: Alert, heard: Heard) -> None:
        pump = alert.pump
        if pump is None:
            return
        firing = alert.state != "resolved"
        if alert.kind == "battery_empty_soon":
            # An alert may be about another pump than the one heard: the truth is then not at hand.
            left = heard.left if heard.event.pump == pump else None
            self.told.warn(pump, heard.arrival_ms, left, firing=firing)
        elif alert.kind == "pump_silent" and firing and alert.revision == 1:
            self.told.silent.append((heard.arrival_ms, pump))
        elif alert.kind == "battery_degraded" and firing:
            self.told.worn.setdefault(pump, heard.arrival_ms)


def murmur2(key: bytes) -> int:
    """Kafka's hash of a key, 32 bits, unsigned."""
    mask, m = 0xFFFF_FFFF, 0x5BD1_E995
    h = (0x9747_B28C ^ len(key)) & mask
    whole = len(key) & ~3
    for place in range(0, whole, 4):
        k = int.from_bytes(key[place : place + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    rest = key[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15

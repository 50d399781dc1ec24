"""The simple rule beside the stream's code: the slope of the gauge alone, and nothing that an episode remembers.

A pump that infuses on battery has an episode; it is practice if it lasts longer than ten minutes, else a transport.
The battery is empty where a straight line through the last half hour of its gauge says so. A battery is worn if its
gauge falls a third faster than the median of its model with as many channels. A pump not heard of for a quarter of an
hour while it infused on battery is silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.codec import ms
from services.evaluate.power_told import Empty, Episode, Told

if TYPE_CHECKING:
    from services.evaluate.power_world import Heard

MINUTE_MS = 60_000
_HALF_HOUR_MS = 30 * MINUTE_MS
_LEAST_MS, _LEAST_DROP = 5 * MINUTE_MS, 1.0
_WARN_MS = 45 * MINUTE_MS
_CLEAR_MS = 60 * MINUTE_MS
_GRACE_MIN = 10.0
_SILENT_MS = 15 * MINUTE_MS
_WORN_MS = 20 * MINUTE_MS
_WORN_FACTOR = 1 / 0.75
_LEAST_OTHERS, _ENOUGH_OTHERS = 30, 300  # readings for a median; more would only take time to sort
_LOOK_EVERY = 200  # events: whether somebody is silent


class GaugeSlopeRule:
    """Hears what the stream hears, in order of arrival."""

    def __init__(self) -> None:
        self.told = Told()
        self._open: dict[str, Episode] = {}
        self._last: dict[str, int] = {}
        self._slope: dict[str, list[tuple[int, float]]] = {}
        self._usual: dict[tuple[str, int], list[float]] = {}
        self._clock = self._heard = 0

    def hear(self, heard: Heard) -> None:
        """Take the next event; what is older than the newest of its pump says nothing to this rule."""
        event, at = heard.event, ms(heard.event.at)
        pump = event.pump
        if at <= self._last.get(pump, 0):
            return
        self._last[pump] = at
        self._clock = max(self._clock, at)
        if event.source == "battery" and event.infusing:
            self._active(heard, at)
        else:
            self._rest(heard, at)
        self._heard += 1
        if self._heard % _LOOK_EVERY == 0:
            self._look_for_silent()

    def _active(self, heard: Heard, at: int) -> None:
        event = heard.event
        pump = event.pump
        episode = self._open.get(pump)
        if episode is None or at - episode.end > _SILENT_MS:
            episode = Episode(pump, at, at, 0.0, "unknown")
            self._open[pump] = self.told.episodes[f"{pump}@{at}"] = episode
        episode.end = at
        episode.minutes = (at - episode.start) / MINUTE_MS
        episode.cause = "practice" if episode.minutes > _GRACE_MIN else "transport"
        readings = self._slope.setdefault(pump, [])
        readings.append((at, event.charge_pct))
        while readings[0][0] < at - _HALF_HOUR_MS:
            readings.pop(0)
        elapsed, drop = at - readings[0][0], readings[0][1] - event.charge_pct
        if elapsed < _LEAST_MS or drop < _LEAST_DROP:
            return
        left_ms = event.charge_pct * elapsed / drop
        self.told.empty[pump] = Empty(at + round(left_ms))
        if left_ms <= _WARN_MS:
            self.told.warn(pump, heard.arrival_ms, heard.left, firing=True)
        elif left_ms > _CLEAR_MS:
            self.told.warn(pump, heard.arrival_ms, heard.left, firing=False)
        if elapsed >= _WORN_MS:
            self._compare(heard, drop / elapsed)

    def _compare(self, heard: Heard, slope: float) -> None:
        """Beside its model with as many channels."""
        usual = self._usual.setdefault((heard.event.model, heard.event.channels_running), [])
        if len(usual) >= _LEAST_OTHERS and slope > _WORN_FACTOR * sorted(usual)[len(usual) // 2]:
            self.told.worn.setdefault(heard.event.pump, heard.arrival_ms)
        if len(usual) < _ENOUGH_OTHERS:
            usual.append(slope)

    def _rest(self, heard: Heard, at: int) -> None:
        pump = heard.event.pump
        self._slope.pop(pump, None)
        self.told.empty.pop(pump, None)
        self.told.warn(pump, heard.arrival_ms, None, firing=False)
        episode = self._open.get(pump)
        if episode is not None and at - episode.end <= _SILENT_MS:
            episode.end = at
            episode.minutes = (at - episode.start) / MINUTE_MS
        self._open.pop(pump, None)

    def _look_for_silent(self) -> None:
        for pump in [pump for pump in self._open if self._clock - self._last[pump] > _SILENT_MS]:
            del self._open[pump]
            self.told.silent.append((self._clock, pump))

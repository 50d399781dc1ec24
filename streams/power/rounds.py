"""Looking round at the pumps of a partition: who fell silent on battery, and who has left."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from streams.power import window as windows
from streams.power.episode import OpenEpisode
from streams.power.observation import AT_SHIFT, SIZE
from streams.power.settling import FOREVER, settled
from streams.power.slot import EPISODE, OPEN, parted
from streams.power.waiting import WAKE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.events import PowerEpisode
    from streams.power.clock import FleetClock
    from streams.power.fleet import Fleet

# All pumps are looked at once in so much event time: whether they have fallen silent.
ROUND_S = 60
TIDY_S = 3600  # so often pumps that have left are forgotten
MOST_AT_ONCE = 1000  # revisions of pumps that fell silent together; the others wait for the next look


class Rounds:
    """Over the pumps of a partition (`slots`), by the clock of all of them."""

    def __init__(self, slots: dict[str, bytes], fleet: Fleet, clock: FleetClock) -> None:
        self._slots, self._fleet, self._clock = slots, fleet, clock
        self._swept_s = self._tidied_s = 0
        self._next: Iterator[str] = iter(())

    def look(self, revisions: list[PowerEpisode]) -> list[str]:
        """Look at the next pumps of the round, and now and then at all; the pumps that left memory."""
        now_s = self._clock.before // 1000
        passed = min(now_s - self._swept_s, ROUND_S)
        share = len(self._slots) * passed // ROUND_S
        if share == 0:
            return []
        self._swept_s = now_s
        pumps = list(islice(self._next, share))
        if len(pumps) < share:
            self._next = iter(list(self._slots))
            pumps += islice(self._next, share - len(pumps))
        slots = self._slots
        for pump in [pump for pump in pumps if pump in slots and slots[pump][0] & OPEN]:
            if self._quiet(slots[pump], now_s, 0):
                self._listen(pump, now_s, 0, revisions)
        if now_s < self._tidied_s + TIDY_S:
            return []
        self._tidied_s = now_s
        oldest = max(self._clock.now - self._fleet.thresholds.memory, 0) << AT_SHIFT
        last_word = oldest.to_bytes(SIZE, "big")
        gone = [pump for pump, packed in slots.items() if packed[-SIZE:] < last_word]
        for pump in gone:
            self._forget(pump, revisions)
        return gone

    def look_still(self, still_s: int, revisions: list[PowerEpisode]) -> None:
        """Look at all pumps after so long in which nothing was heard of any."""
        now_s = self._clock.before // 1000
        for pump in [pump for pump, packed in self._slots.items() if packed[0] & OPEN]:
            if self._quiet(self._slots[pump], now_s, still_s):
                self._listen(pump, now_s, still_s, revisions)
                if len(revisions) >= MOST_AT_ONCE:
                    return

    def _quiet(self, packed: bytes, now_s: int, still_s: int) -> bool:
        """Whether it is worth a look if the pump fell silent; it may be ahead of the clock by which it is looked at."""
        place = EPISODE[packed[0]] + WAKE.size
        heard_s = int.from_bytes(packed[place : place + 4], "little")
        return not heard_s or (max(now_s - heard_s, 0) + still_s) * 1000 >= self._fleet.thresholds.silent_after

    def _listen(self, pump: str, now_s: int, still_s: int, revisions: list[PowerEpisode]) -> None:
        slot = parted(self._slots[pump])
        episode = OpenEpisode.kept_in(slot, pump, self._fleet)
        heard_s = episode.standing.heard_s
        revision = episode.fall_silent(slot.window, now_s, self._clock.latest(heard_s), still_s)
        if revision is not None:
            revisions.append(revision)
        if revision is not None or episode.standing.heard_s != heard_s:
            self._slots[pump] = slot._replace(episode=episode.packed()).packed()

    def _forget(self, pump: str, revisions: list[PowerEpisode]) -> None:
        """A pump that was not heard of for days: close its episode at its last word."""
        slot = parted(self._slots.pop(pump))
        if slot.episode:
            episode = OpenEpisode.kept_in(slot, pump, self._fleet)
            settled(episode, slot.window, FOREVER, windows.newest(slot.window) >> AT_SHIFT, revisions)

"""What really happened to the power of a fleet: stretches of infusing on battery with their cause, as they were.

The definition of a stretch is that of an episode (docs/power.md): infusing and on battery; pauses of less than a minute
belong to it, a silence of more than a quarter of an hour parts it. Nothing else of the model is used here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from schemas.codec import ms
from services.pumps.truth import AlarmTruth, PowerTruth, SilenceTruth

if TYPE_CHECKING:
    from schemas.events import Cause, PowerEvent
    from services.pumps.truth import Truth

MINUTE_MS = 60_000
PAUSE_MS = MINUTE_MS
SILENCE_MS = 15 * MINUTE_MS
# A battery is worn below this share of its design capacity, where the published cycle lives end, and sound from the
# other on; what lies between is neither asked for nor held against anybody.
WORN, SOUND = 0.7, 0.8
# A pump's low alarm on a worn battery is the battery's fault if a new one would still have had this long.
NOT_YET_LOW_MIN = 30.0


@dataclass
class Stretch:
    """Infusing on battery; times in ms since 1970. `grey`: a low alarm on a battery that is neither worn nor sound."""

    pump: str
    start: int
    end: int
    health: float
    whys: list[str]
    left: float  # minutes that the battery had at the start
    places: set[str] = field(default_factory=set)
    fault: bool = False
    grey: bool = False
    depleted: int = 0
    parted: bool = False  # a silence parted it

    @property
    def minutes(self) -> float:
        """How long it lasted."""
        return (self.end - self.start) / MINUTE_MS

    @property
    def cause(self) -> Cause:
        """Why, in the words of an episode."""
        if self.fault:
            return "battery_fault"
        why = max(set(self.whys), key=self.whys.count)
        return "transport" if why == "mri" else why  # type: ignore[return-value]  # the other words are the same


@dataclass(frozen=True)
class Silence:
    """Nothing of a pump arrived; `active`: it infused on battery when this began, and had been heard doing so."""

    pump: str
    start: int
    end: int
    active: bool


class Ledger:
    """Hears everything as it happens, and what the simulator knows besides."""

    def __init__(self, end_ms: int) -> None:
        self._end = end_ms
        self.stretches: list[Stretch] = []
        self.silences: list[Silence] = []
        self.health: dict[str, float] = {}
        self.reports: set[str] = set()
        self.alarmed: set[str] = set()
        self.infusing_ms = 0
        self._open: dict[str, Stretch] = {}
        self._last: dict[str, tuple[int, bool]] = {}
        self._why: dict[str, str] = {}
        self._active_since: dict[str, int] = {}

    def tell(self, truth: Truth) -> None:
        """Take a line of the simulator's side file."""
        if isinstance(truth, PowerTruth):
            self._why[truth.pump] = truth.why
        elif isinstance(truth, AlarmTruth):
            self._alarm(truth)
        elif isinstance(truth, SilenceTruth):
            start = ms(truth.at)
            since = self._active_since.get(truth.pump)
            active = since is not None and start - since > 2 * MINUTE_MS
            self.silences.append(Silence(truth.pump, start, ms(truth.until), active))

    def hear(self, event: PowerEvent, at: int, health: float | None, left: float | None) -> None:
        """Take an event as it happens."""
        pump = event.pump
        if health is not None:
            self.health.setdefault(pump, health)
        if event.full_capacity_mah is not None:
            self.reports.add(pump)
        before = self._last.get(pump)
        if before is not None and before[1]:
            self.infusing_ms += at - before[0]
        self._last[pump] = at, event.infusing
        stretch = self._open.get(pump)
        if event.source == "battery" and event.infusing:
            if pump not in self._active_since:
                self._active_since[pump] = at
                if stretch is None or at - stretch.end >= PAUSE_MS:
                    stretch = Stretch(pump, at, at, self.health[pump], [], left or 0.0)
                    self._open[pump] = stretch
                    self.stretches.append(stretch)
                stretch.whys.append(self._why[pump])
            if stretch is not None:
                stretch.end = at
                stretch.places.add(event.location or "")
        elif self._active_since.pop(pump, None) is not None and stretch is not None:
            stretch.end = at
            if event.kind == "depleted":
                stretch.depleted = at

    def _alarm(self, truth: AlarmTruth) -> None:
        self.alarmed.add(truth.pump)
        stretch = self._open.get(truth.pump)
        if truth.pump in self._active_since and stretch is not None and truth.new_minutes > NOT_YET_LOW_MIN:
            stretch.fault = stretch.fault or truth.health < WORN
            stretch.grey = stretch.grey or WORN <= truth.health < SOUND

    def audible(self) -> list[Stretch]:
        """The stretches as they could be heard: parted where a silence was long."""
        silences: dict[str, list[Silence]] = {}
        for silence in self.silences:
            if silence.end - silence.start > SILENCE_MS:
                silences.setdefault(silence.pump, []).append(silence)
        return [part for stretch in self.stretches for part in _parts(stretch, silences.get(stretch.pump, []))]


def _parts(stretch: Stretch, silences: list[Silence]) -> list[Stretch]:
    parts, start = [], stretch.start
    for silence in silences:
        if silence.end <= start or silence.start >= stretch.end:
            continue
        if silence.start > start:
            parts.append(replace(stretch, start=start, end=silence.start, parted=True))
        start = silence.end
    if start == stretch.start:
        return [stretch]
    if start < stretch.end:
        parts.append(replace(stretch, start=start, parted=True))
    return parts

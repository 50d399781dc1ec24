"""The charge curve of pumps: which heartbeats become a sample of `pw:charge:{pump}`, and how one is packed.

A pump that stands fully charged on mains says the same every minute, so a sample is kept when something changed, and
otherwise now and then to tell that the pump was heard. Like the live state it needs no durability.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from schemas.codec import ms

if TYPE_CHECKING:
    from schemas.events import PowerEvent

# Judgements: a curve over two days needs no finer steps, and a change of mains or of infusing is told at once.
SPACING_MS = 5 * 60_000
QUIET_MS = 30 * 60_000
MOVED = 5  # tenths of a percent: half a point, as far as gauges tell
FELL = 50  # tenths of a percent: a battery that fails loses this much between two samples
# Older than this by its time no event is taken any more (`lateness_s` of the power settings) unless its seq is new.
CLOCK_SET_BACK_MS = 240_000

# Seconds since 1970, tenths of a percent, what the pump did. `pumps.lua` reads the first four bytes.
_PACKED = Struct(">IHB")
_LAST_SECOND = 2**32 - 1
SAMPLE_BYTES = _PACKED.size
_ON_BATTERY, _INFUSING = 1, 2


class ChargeSample(NamedTuple):
    """The charge of a pump at one moment; `at` is epoch seconds by the pump's clock."""

    at: int
    charge_pct: float
    on_battery: bool
    infusing: bool

    @classmethod
    def unpacked(cls, packed: bytes) -> ChargeSample:
        """What `packed` gave. Raises struct.error for anything else."""
        at, tenths, did = _PACKED.unpack(packed)
        return cls(at, tenths / 10, bool(did & _ON_BATTERY), bool(did & _INFUSING))


def packed(event: PowerEvent) -> bytes:
    """The sample of an event. A time that no clock shows is the nearest that can be packed."""
    at = min(max(ms(event.at) // 1000, 0), _LAST_SECOND)
    did = (event.source == "battery") * _ON_BATTERY | event.infusing * _INFUSING
    return _PACKED.pack(at, round(event.charge_pct * 10), did)


def overtaken(at: int, newest: int) -> bool:
    """Whether an event came after a newer one of its pump. Much older ones are new: the pump's clock was set back."""
    return newest - CLOCK_SET_BACK_MS <= at < newest


class ChargeSamples:
    """Samples on their way to Redis: at most `most` a pump, the newest, however long Redis is away."""

    def __init__(self, most: int) -> None:
        self._most = most * SAMPLE_BYTES
        self._last: dict[str, bytes] = {}
        self._waiting: dict[str, bytes] = {}

    def note(self, event: PowerEvent) -> None:
        """Take a sample of an event if one is due."""
        sample = packed(event)
        last = self._last.get(event.pump)
        if last is not None and not _due(sample, last):
            return
        self._last[event.pump] = sample
        if self._most:
            self._waiting[event.pump] = (self._waiting.get(event.pump, b"") + sample)[-self._most :]

    def waiting(self, pump: str) -> bytes:
        """The samples of a pump that are not written yet, one after the other."""
        return self._waiting.get(pump, b"")

    def written(self, pump: str, samples: bytes) -> None:
        """These are in Redis; others may have come meanwhile."""
        later = self._waiting.get(pump, b"").removeprefix(samples)
        if later:
            self._waiting[pump] = later
        else:
            self._waiting.pop(pump, None)

    def drop(self, pump: str) -> None:
        """Begin anew with a pump."""
        self._last.pop(pump, None)
        self._waiting.pop(pump, None)

    def forget(self) -> None:
        """Partitions moved: what was sampled last may not be known here any more."""
        self._last.clear()


def _due(sample: bytes, last: bytes) -> bool:
    at, tenths, did = _PACKED.unpack(sample)
    last_at, last_tenths, last_did = _PACKED.unpack(last)
    if overtaken(at * 1000, last_at * 1000):
        return False
    since: int = abs(at - last_at) * 1000
    moved: int = abs(tenths - last_tenths)
    changed: bool = did != last_did
    return changed or moved >= FELL or (since >= SPACING_MS and moved >= MOVED) or since >= QUIET_MS

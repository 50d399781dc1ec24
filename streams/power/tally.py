"""The figures of one episode, from its observations in order of event time."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from streams.power.observation import AT_SHIFT, BATTERY, FAULT, is_active, tenths

if TYPE_CHECKING:
    from typing import Self

_PACK = Struct("<QQQIHHBB")
TALLY_BYTES = _PACK.size
_ON_MAINS, _FAULT = 1, 2


class Tally:
    """Minutes, charges and interruptions so far. Times are ms since 1970, charges tenths of a percent.

    `paused` is when the pump last stopped being active (infusing on battery), 0 while it is.
    """

    __slots__ = (
        "active_ms",
        "charge_min",
        "charge_start",
        "fault",
        "last",
        "paused",
        "paused_on_mains",
        "returns",
        "started",
    )

    def __init__(self) -> None:
        self.started = 0
        self.last = 0
        self.active_ms = 0
        self.charge_start = 0
        self.charge_min = 0
        self.paused = 0
        self.paused_on_mains = False
        self.returns = 0
        self.fault = False

    def copy(self) -> Self:
        """An independent tally with the same figures."""
        other = type(self).__new__(type(self))
        for name in Tally.__slots__:
            setattr(other, name, getattr(self, name))
        return other

    def over_by(self, at: int, silence: int, pause: int) -> bool:
        """Whether the episode has ended if nothing was heard between its last observation and `at`."""
        if not self.started:
            return False
        if self.paused:
            return at - self.paused >= pause
        return at - (self.last >> AT_SHIFT) > silence

    def add(self, observation: int, silence: int) -> None:
        """Count the next observation; what comes before the first active one is not part of the episode."""
        at = observation >> AT_SHIFT
        active = is_active(observation)
        charge = tenths(observation)
        if not self.started:
            if active:
                self.started = at
                self.last = observation
                self.charge_start = self.charge_min = charge
                self.fault = bool(observation & FAULT)
            return
        if observation < self.last:
            return  # older than the revision that a restart went on from, which already speaks for it
        if not self.paused:
            gap = at - (self.last >> AT_SHIFT)
            if gap <= silence:
                self.active_ms += gap
            self.charge_min = min(self.charge_min, charge)
            self.fault = self.fault or bool(observation & FAULT)
        if active:
            if self.paused:
                self.returns += self.paused_on_mains
                self.paused = 0
                self.charge_min = min(self.charge_min, charge)
        else:
            if not self.paused:
                self.paused = at
                self.paused_on_mains = False
            self.paused_on_mains = self.paused_on_mains or not observation & BATTERY
        self.last = observation

    @property
    def end(self) -> int:
        """Where the episode ends if nothing more comes: back on mains or stopped, else the last word."""
        return self.paused or self.last >> AT_SHIFT

    def packed(self) -> bytes:
        """All of it as TALLY_BYTES bytes."""
        flags = (_ON_MAINS if self.paused_on_mains else 0) | (_FAULT if self.fault else 0)
        active_ms = min(self.active_ms, 2**32 - 1)  # 49 days; no battery lasts a tenth of that
        return _PACK.pack(
            self.started,
            self.last,
            self.paused,
            active_ms,
            self.charge_start,
            self.charge_min,
            min(self.returns, 255),
            flags,
        )

    @classmethod
    def unpacked(cls, packed: bytes, place: int) -> Self:
        """What `packed` gave."""
        self = cls.__new__(cls)
        (
            self.started,
            self.last,
            self.paused,
            self.active_ms,
            self.charge_start,
            self.charge_min,
            self.returns,
            flags,
        ) = _PACK.unpack_from(packed, place)
        self.paused_on_mains = bool(flags & _ON_MAINS)
        self.fault = bool(flags & _FAULT)
        return self

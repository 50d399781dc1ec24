"""When the battery will be empty, from this pump's own discharge and what is known of its battery.

The slope is measured in percent of the gauge a point taken (see `drain`), not a minute: it then holds when the flow
changes. A gauge that lies shows a share of what it believes its battery holds; where its battery's own history says
that less is there, the battery is empty before the gauge is.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from streams.power.battery import LEAST_POINTS
from streams.power.drain import points_an_hour
from streams.power.packed import Packed

if TYPE_CHECKING:
    from schemas.events import PowerEvent
    from streams.power.battery import Battery

HOUR_S = 3600

# What the pump's own alarms say is left, in seconds (low at 30 min, very low at 15 min).
ALARM_LEFT_S = {"low": 1800, "very_low": 900, "depleted": 0}
# Judgements, set with simulated depletions.
PUNCTUAL = 0.85  # of that is really left: the voltage of a worn battery falls faster than its pump expects
ALARM_WEIGHT = {"low": 0.5, "very_low": 0.5, "depleted": 0.9}
FAULTY_BELOW = 0.72  # a battery that holds less of its design capacity is to blame for an alarm
# Low alarms above 20 % of the gauge, and above this many times what 30 min take of a new battery, come too early.
EARLY_PERCENT, EARLY = 20.0, 1.4
SHORT = 0.7  # from low to depleted in less than this share of 30 min is shorter than specified
OWN_POINTS = 8.0  # discharge after which this stretch's slope counts as much as the battery's earlier ones
REBOUND = 10  # tenths by which a resting gauge may rise without being charged
WATCHED_S = 300
FAR_JUMP, JUMP = 100, 50  # tenths that a gauge falls in WATCHED_S beyond what was taken: a sign of age; a jump
SPREAD_NEW, SPREAD_OWN = 0.12, 0.03  # of what is left, before and after the slope is known
NINETY = 1.645  # standard deviations either way that hold 90 %

JUMPED, COUNTED = 1, 2


class Outlook(NamedTuple):
    """When the battery is empty, and between when and when with nine in ten; seconds since 1970, 0 if not known."""

    at: int
    earliest: int
    latest: int


NOTHING = Outlook(0, 0, 0)


class Runway(Packed):
    """One discharge of one pump while it infuses. Times in s since 1970, charges in tenths of a percent."""

    form = Struct("<fffHHHIIIIB")

    _energy: float = 0.0
    _load: float = 0.0
    _mark_energy: float = 0.0
    _first: int = 0
    _charge: int = 0
    _mark_charge: int = 0
    _at: int = 0
    _ceiling: int = 0
    _mark_at: int = 0
    low_at: int = 0
    _flags: int = 0

    @property
    def begun(self) -> bool:
        """Whether anything was heard of the discharge."""
        return self._at > 0

    @property
    def heard_s(self) -> int:
        """When the last event was that was looked at, 0 if there is none."""
        return self._at

    def charged(self, charge: int) -> bool:
        """Whether the battery was charged meanwhile, without our hearing of it."""
        return self._at > 0 and charge > self._charge + REBOUND

    def hear(self, event: PowerEvent, at: int, charge: int, battery: Battery, scale: float) -> None:
        """Take the newest event of a pump that infuses on battery, at `at` in s."""
        if not self._at:
            battery.hear(event)
            self._first = self._charge = self._mark_charge = charge
            self._at = self._mark_at = at
        self._energy += self._load * (at - self._at) / HOUR_S
        self._load = points_an_hour(event.rate_ml_h, event.channels_running)
        self._at = at
        self._read(charge, battery, scale)
        if event.kind in ALARM_LEFT_S:
            self._alarmed(event.kind, battery, scale)

    def end(self, event: PowerEvent, at: int, battery: Battery, scale: float) -> tuple[float, float] | None:
        """The discharge is over: points and percent that tell of the slope, if any."""
        self._energy += self._load * (at - self._at) / HOUR_S
        if event.kind == "depleted":
            self._at = at
            self._alarmed("depleted", battery, scale)
        elif not self.low_at:
            battery.prove(
                self._taken(self._slope(battery, scale)) + self._load * ALARM_LEFT_S["low"] / HOUR_S * PUNCTUAL
            )
        return self._told()

    def outlook(self, battery: Battery, scale: float) -> Outlook:
        """When the battery is empty if the pump goes on as it does now."""
        if not self._at:
            return NOTHING
        slope = self._slope(battery, scale)
        by_gauge = self._charge / 10 / slope
        points, spread = battery.expected(scale, slope)
        left = min(max(points - self._taken(slope), 0.0), by_gauge)
        known = self._energy + battery.energy
        spread += (SPREAD_OWN + SPREAD_NEW * OWN_POINTS / (OWN_POINTS + known)) * left
        seconds, wide = left / self._load * HOUR_S, NINETY * spread / self._load * HOUR_S
        empty = self._at + round(seconds)
        latest = self._at + round(seconds + wide)
        earliest = self._at + round(max(seconds - wide, 0.0))
        if self._ceiling:
            empty, earliest = min(empty, self._ceiling), min(earliest, self._ceiling)
            latest = min(latest, self._ceiling)
        return Outlook(max(empty, 1), max(earliest, 1), max(latest, 1))

    def since(self, at: int) -> int:
        """Seconds from the last event that was looked at to `at`, 0 if there is none."""
        return max(at - self._at, 0) if self._at else 0

    def faulty(self, event: PowerEvent, charge: int, battery: Battery, scale: float) -> bool:
        """Whether an alarm at this charge comes from a battery that holds too little."""
        slope = self._slope(battery, scale) if self._energy >= LEAST_POINTS else battery.slope(scale)
        load = points_an_hour(event.rate_ml_h, event.channels_running)
        left = load * ALARM_LEFT_S[event.kind] / HOUR_S * PUNCTUAL
        taken = self._taken(slope) if self._energy >= LEAST_POINTS else (100 - charge / 10) / slope
        return (taken + left) * battery.point(scale) / 100 < FAULTY_BELOW

    def resume(self, ceiling: int) -> None:
        """After a restart: the last prediction holds until there is a slope again."""
        self._ceiling = ceiling

    def _read(self, charge: int, battery: Battery, scale: float) -> None:
        if not self._flags & JUMPED:
            slope = self._slope(battery, scale)
            beyond = self._mark_charge - charge - 10 * slope * (self._energy - self._mark_energy)
            if beyond > JUMP:
                self._jump(charge, battery, self._taken(slope), far=beyond > FAR_JUMP)
        self._charge = charge
        if self._at - self._mark_at >= WATCHED_S:
            self._mark_at, self._mark_charge, self._mark_energy = self._at, charge, self._energy

    def _jump(self, charge: int, battery: Battery, taken: float, *, far: bool) -> None:
        told = self._told()
        if told is not None:
            battery.add(*told)
        battery.jumped(taken / max(1 - charge / 1000, 0.05), far=far)
        self._flags |= JUMPED | COUNTED

    def _alarmed(self, kind: str, battery: Battery, scale: float) -> None:
        left = ALARM_LEFT_S[kind]
        ceiling = self._at + left
        self._ceiling = min(self._ceiling or ceiling, ceiling)
        taken = self._taken(self._slope(battery, scale))
        battery.learn(taken + self._load * left / HOUR_S * PUNCTUAL, ALARM_WEIGHT[kind])
        if kind == "low":
            self.low_at = self._at
            battery.count("lows")
            usual = max(EARLY_PERCENT, EARLY * self._load * scale * left / HOUR_S)
            if self._charge / 10 > usual:
                battery.count("early")
        elif kind == "depleted" and self.low_at and self._at - self.low_at < SHORT * ALARM_LEFT_S["low"]:
            battery.count("short")

    def _slope(self, battery: Battery, scale: float) -> float:
        before = battery.slope(scale)
        if self._flags & JUMPED:
            return before
        fell = (self._first - self._charge) / 10
        return (fell + OWN_POINTS * before) / (self._energy + OWN_POINTS)

    def _taken(self, slope: float) -> float:
        """Points taken since the battery was full."""
        return (100 - self._first / 10) / slope + self._energy

    def _told(self) -> tuple[float, float] | None:
        fell = (self._first - self._charge) / 10
        if self._flags & COUNTED or self._energy < LEAST_POINTS or fell <= 0:
            return None
        return self._energy, fell

"""What is known of one battery from its own discharges.

A gauge falls by so many percent a point (see `drain`) as it believes of its battery; the battery holds so many points
from full to empty. The first is seen in every discharge, the second only where one comes near its end: at an alarm,
at a gauge that jumps, or when the pump stops.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from streams.power.drain import TYPICAL_CAPACITY
from streams.power.packed import Packed

if TYPE_CHECKING:
    from typing import Self

    from schemas.events import BatteryHealth, PowerEvent

_MOST = 255

# Judgements, set with simulated depletions.
WORN_BELOW = 0.75  # of the design capacity
LEAST_POINTS = 3.0  # a shorter discharge tells nothing of the slope
PRIOR_POINTS = 6.0  # discharge after which the own slope counts as much as the model's
MEMORY_POINTS = 400.0  # discharge over which the slope is remembered
# Of the 300 to 500 full cycles until 70 % of a Li-ion battery is left (published), and what gauges miss: judgement.
LOST_BY_CYCLES, LIFE_CYCLES, HIDDEN = 0.3, 400.0, 1.4
SPREAD_LEARNED, SPREAD_FIRST, SPREAD_SUSPECTED = 0.05, 0.06, 0.4
RECALLED_POINTS = 40.0  # what the slope of a published verdict counts for after a restart
AFTER_JUMP = 0.3  # a gauge that jumped believes otherwise than before: so much of the slope is kept


class Battery(Packed):
    """Sums over the discharges of one battery. `energy` and `usable` are in points, `gauge` in percent."""

    form = Struct("<HffffHHBBBBBB")

    discharges: int = 0
    energy: float = 0.0
    gauge: float = 0.0
    usable: float = 0.0  # points from full to empty, 0 if not known
    proven: float = 0.0  # points that it has certainly given
    capacity: int = 0  # reported full capacity in thousandths of design, 0 if not reported
    cycles: int = 0  # as reported, 0 if not
    learned: int = 0
    jumps: int = 0
    early: int = 0
    lows: int = 0
    short: int = 0
    deep: int = 0

    def hear(self, event: PowerEvent) -> None:
        """Note the capacity and the cycles that the pump reports."""
        if event.full_capacity_mah and event.design_capacity_mah:
            self.capacity = min(round(event.full_capacity_mah / event.design_capacity_mah * 1000), 2000)
        if event.cycles:
            self.cycles = min(event.cycles, 65_535)

    def slope(self, scale: float) -> float:
        """Percent of the gauge a point, from its own discharges and what is usual for its model (`scale`)."""
        usual = scale / (self.capacity / 1000 if self.capacity else TYPICAL_CAPACITY)
        return (self.gauge + PRIOR_POINTS * usual) / (self.energy + PRIOR_POINTS)

    def expected(self, scale: float, slope: float) -> tuple[float, float]:
        """Points from full to empty, and their standard deviation, for a gauge that falls by `slope` a point.

        Where no discharge came near the end, a gauge that believes in a worn battery is suspected: of its cycles if
        the pump reports them, else of having missed half as much again as it knows of.
        """
        if self.learned:
            return self.usable, SPREAD_LEARNED * self.usable
        believed = self.capacity / 1000 if self.capacity else min(scale / slope, 1.0)
        really = 1 - HIDDEN * (1 - believed)
        if self.cycles:
            really = min(1 - LOST_BY_CYCLES * self.cycles / LIFE_CYCLES, believed)
        share = min(max(really, 0.3) / believed, 1.0)
        points = 100 / slope * share
        return points, (SPREAD_FIRST + SPREAD_SUSPECTED * (1 - share)) * 100 / slope

    def point(self, scale: float) -> float:
        """Percent of its design capacity that a point is: exact where the pump reports its capacity."""
        return self.slope(scale) * self.capacity / 1000 if self.capacity else scale

    def add(self, energy: float, fell: float) -> None:
        """Take one discharge: points taken, and percent by which the gauge fell (the unit's own effect removed)."""
        self.discharges = min(self.discharges + 1, 65_535)
        if self.energy + energy > MEMORY_POINTS:
            kept = MEMORY_POINTS / (self.energy + energy)
            self.energy *= kept
            self.gauge *= kept
        self.energy += energy
        self.gauge += fell

    def jumped(self, points: float, *, far: bool) -> None:
        """The gauge jumped to the truth, which says that the battery holds so many points."""
        self.learn(points, 0.8)
        self.jumps = min(self.jumps + far, _MOST)
        self.energy *= AFTER_JUMP
        self.gauge *= AFTER_JUMP

    def learn(self, points: float, weight: float) -> None:
        """Take one estimate of what the battery holds."""
        self.usable = points if not self.learned else self.usable + weight * (points - self.usable)
        self.learned = min(self.learned + 1, _MOST)

    def prove(self, points: float) -> None:
        """It gave so many points and would have given more."""
        self.proven = max(self.proven, points)
        if self.learned and self.usable < points:
            self.usable = points

    def count(self, sign: str) -> None:
        """Count a sign of age or use: `early`, `lows`, `short` or `deep`."""
        setattr(self, sign, min(getattr(self, sign) + 1, _MOST))

    @classmethod
    def recalled(cls, health: BatteryHealth) -> Self:
        """What a published verdict still tells of its battery."""
        self = cls()
        if health.points is not None:
            self.learn(health.points, 1.0)
        if health.percent_a_point and health.discharges:
            self.discharges = health.discharges
            self.energy = RECALLED_POINTS
            self.gauge = RECALLED_POINTS * health.percent_a_point
        return self

    def packed_if_known(self) -> bytes:
        """Its bytes, or none where nothing is known."""
        return self.packed() if self.discharges or self.learned or self.capacity else b""

    @classmethod
    def of(cls, packed: bytes) -> Self:
        """What `packed_if_known` gave."""
        return cls.unpacked(packed) if packed else cls()

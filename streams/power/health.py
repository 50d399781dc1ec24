"""Whether a battery is worn: what its discharges say, how sure that is, and in which words."""

from __future__ import annotations

from math import erf, hypot, sqrt
from typing import TYPE_CHECKING, Literal

from schemas.events import BatteryHealth
from streams.power.battery import HIDDEN, WORN_BELOW
from streams.power.drain import TYPICAL_CAPACITY

if TYPE_CHECKING:
    from streams.power.battery import Battery

    Verdict = Literal["degraded", "sound", "not_enough_data"]

SURE = 0.85  # a verdict needs so much probability: judgement
REPLACE_BELOW = 800  # thousandths of design: a gauge that believes so little of its battery never believes too little
NINETY = 1.645
# Standard deviations, judgements set with simulated fleets: what two pumps of a model differ by, what a reported
# capacity is off by, what one reading at the end of a battery is off by, and a gauge of whole percent.
BETWEEN_PUMPS, REPORTED, READING, GAUGE_PERCENT = 0.06, 0.03, 0.10, 0.6
LEAST_TOLD = 0.01  # what a battery holds is told with two decimals, and is never nothing: it is taken up again
LEAST_POINTS = 15.0  # less discharge than this says nothing


def health_of(battery: Battery, scale: float) -> BatteryHealth:
    """The share of its design capacity that a battery still gives, with its interval and the evidence.

    `scale`: percent of a new battery of its model that a point is. A gauge believes too much of a worn battery and
    never too little, so the slope alone gives the most that the battery may have, and less is to be expected; what
    is really there shows near the end of a discharge.
    """
    estimate, spread, at_most = _estimate(battery, scale)
    proven = battery.proven * scale / 100 if _enough(battery) else 0.0
    verdict: Verdict = "not_enough_data"
    if _enough(battery):
        worn = _hidden_below(WORN_BELOW, estimate, spread) if at_most else _below(WORN_BELOW, estimate, spread)
        if worn >= SURE or (at_most and 0 < battery.capacity < REPLACE_BELOW):
            verdict = "degraded"
        elif (not at_most and worn <= 1 - SURE) or proven * (1 - NINETY * BETWEEN_PUMPS) >= WORN_BELOW:
            verdict = "sound"
    low = 0.0 if at_most else max(estimate - NINETY * spread, 0.0)
    return BatteryHealth(
        verdict=verdict,
        capacity=round(min(estimate, 1.0), 3),
        low=round(min(max(low, min(proven, 1.0) * 0.9), estimate, 1.0), 3),
        high=round(min(estimate + NINETY * spread, 1.0), 3),
        discharges=battery.discharges,
        evidence=_evidence(battery, scale),
        points=max(round(battery.usable, 2), LEAST_TOLD) if battery.learned else None,
        percent_a_point=round(battery.slope(scale), 4),
    )


def _enough(battery: Battery) -> bool:
    return battery.energy >= LEAST_POINTS or bool(battery.learned or battery.capacity)


def _estimate(battery: Battery, scale: float) -> tuple[float, float, bool]:
    """Capacity as a share of design, its standard deviation, and whether it is only the most that it may be."""
    slope = battery.slope(scale)
    own = GAUGE_PERCENT * sqrt(max(battery.discharges, 1)) / max(battery.gauge, 1.0)
    if battery.capacity:
        believed, unsure = battery.capacity / 1000, REPORTED
    else:
        believed, unsure = scale / slope, hypot(BETWEEN_PUMPS, min(own, 0.5))
    if not battery.learned:
        return believed, unsure * believed, True
    holds = battery.usable * battery.point(scale) / 100
    spread = hypot(READING / sqrt(min(battery.learned, 4)), REPORTED if battery.capacity else BETWEEN_PUMPS) * holds
    return min(holds, believed), spread, False


def _below(limit: float, estimate: float, spread: float) -> float:
    if not spread:  # a battery that gave nothing at all: there is no doubt
        return float(estimate < limit)
    return 0.5 * (1 + erf((limit - estimate) / (spread * sqrt(2))))


def _hidden_below(limit: float, believed: float, spread: float) -> float:
    """The same where only the gauge's belief is known, which has missed a part of the wear."""
    return _below(limit, 1 - HIDDEN * (1 - believed), HIDDEN * spread)


def _evidence(battery: Battery, scale: float) -> list[str]:
    said = []
    if battery.discharges:
        more = battery.slope(scale) * TYPICAL_CAPACITY / scale - 1
        times = f"{battery.discharges} discharge{'s' if battery.discharges > 1 else ''}"
        word = "faster" if more > 0 else "slower"
        said.append(f"The gauge falls {abs(more):.0%} {word} than is usual for the model at this flow, in {times}")
    if battery.learned:
        hours = battery.usable / 16.7
        said.append(f"From full to empty it holds about {hours:.1f} h with one channel at 25 mL/h")
    if battery.capacity:
        said.append(f"The pump reports {battery.capacity / 10:.0f} % of the design capacity")
    if battery.jumps:
        said.append(f"The gauge jumped down by more than 10 points within 5 minutes, {_times(battery.jumps)}")
    if battery.early:
        said.append(f"The low alarm came at more than 20 % on the gauge, {_times(battery.early)}")
    if battery.short:
        said.append(f"From the low alarm to empty took less time than specified, {_times(battery.short)}")
    return said


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"

"""Whether a unit leaves its pumps unplugged in one of its shifts: from sums that rollups hold, never from a history.

Practice and battery are the two rows of one table: a battery is judged with its unit's effect removed (`cells`,
`health`), a unit and shift by what is left when episodes of faulty batteries, journeys, cords and power failures are
taken out, over all serial numbers. Counts of such episodes over hours of infusing vary more between units than chance
alone would make them (a gamma-Poisson model), so a unit with few hours is drawn towards its hospital.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Verdict = Literal["often", "usual", "seldom", "not_enough_data"]

# Judgements.
LEAST_HOURS = 50.0  # of infusing; fewer say nothing of a habit
LEAST_EPISODES = 5.0  # that the hospital's usual rate would give
BETWEEN_UNITS = 0.5  # standard deviation of the logarithm of a unit's rate around its hospital's
WORTH_SAYING = 1.25  # times the usual rate
NINETY = 1.645


class UnitShift(NamedTuple):
    """Sums of one unit and shift: hours of infusing, those on battery, and episodes whose cause is practice."""

    care_area: str
    shift: str
    infusing_hours: float
    battery_hours: float
    practice_episodes: int


class PracticeVerdict(NamedTuple):
    """How many times as often as elsewhere in the hospital pumps are left unplugged, with nine in ten."""

    of: UnitShift
    verdict: Verdict
    times: float
    low: float
    high: float
    evidence: list[str]


def judge_practice(sums: Iterable[UnitShift]) -> list[PracticeVerdict]:
    """The verdict on each unit and shift of one hospital, beside all others of it."""
    known = list(sums)
    hours = sum(one.infusing_hours for one in known)
    episodes = sum(one.practice_episodes for one in known)
    return [_verdict(one, hours - one.infusing_hours, episodes - one.practice_episodes) for one in known]


def _verdict(one: UnitShift, other_hours: float, other_episodes: int) -> PracticeVerdict:
    usual = (other_episodes + 0.5) / other_hours if other_hours else 0.0
    expected = usual * one.infusing_hours
    if one.infusing_hours < LEAST_HOURS or max(expected, one.practice_episodes) < LEAST_EPISODES:
        return PracticeVerdict(one, "not_enough_data", 1.0, 0.0, 0.0, _evidence(one, usual))
    # The gamma distribution with mean 1 and this spread is the prior of a unit's rate beside the usual one.
    shape = 1 / BETWEEN_UNITS**2
    times = (one.practice_episodes + shape) / (expected + shape)
    spread = sqrt(1 / (one.practice_episodes + shape) + 1 / (other_episodes + 0.5))
    low, high = times * exp(-NINETY * spread), times * exp(NINETY * spread)
    verdict: Verdict = "usual"
    if low > 1 and times >= WORTH_SAYING:
        verdict = "often"
    elif high < 1 and times <= 1 / WORTH_SAYING:
        verdict = "seldom"
    return PracticeVerdict(one, verdict, round(times, 2), round(low, 2), round(high, 2), _evidence(one, usual))


def _evidence(one: UnitShift, usual: float) -> list[str]:
    times = f"{one.practice_episodes} times left unplugged in {one.infusing_hours:,.0f} h of infusing"
    said = [f"{times}; {usual * 1000:.0f} times in 1,000 h elsewhere in the hospital"]
    if one.infusing_hours:
        said.append(f"{one.battery_hours / one.infusing_hours:.1%} of the infusing time was on battery")
    return said

"""How a Li-ion battery wears: the published cycles by depth of discharge, and what luck makes of them."""

from __future__ import annotations

import itertools
from math import exp, log
from typing import TYPE_CHECKING

from services.pumps.dice import mix

if TYPE_CHECKING:
    from random import Random

    from services.pumps.behaviour import AgeingFigures, PowerFigures, Shift
    from services.pumps.fleet import Pump

LEAST_HEALTH = 0.25  # a weaker battery no longer starts a pump: judgement
_SHARE_INFUSING = 0.7  # of its life a pump is in use: judgement


class Wear:
    """Capacity that is lost with use and with time, as shares of the design capacity."""

    def __init__(self, figures: AgeingFigures) -> None:
        self._figures = figures
        # Straight lines between the published points on logarithmic axes; a shallower cycle than the last wears as it.
        self._points = sorted((log(depth), log((low * high) ** 0.5)) for depth, low, high in figures.cycles)

    def cycles(self, depth: float) -> float:
        """Cycles of this depth (share of the design capacity, above 0) until the battery has lost its life's share."""
        at = log(max(depth, 1e-6))
        points = self._points
        if at <= points[0][0]:
            # Below the shallowest published depth: as much energy in all as there.
            return exp(points[0][1] + points[0][0] - at)
        for (left, low), (right, high) in itertools.pairwise(points):
            if at <= right:
                return exp(low + (high - low) * (at - left) / (right - left))
        return exp(points[-1][1])

    def lost(self, depth: float, luck: float = 1.0) -> float:
        """What one cycle of this depth costs."""
        return (1 - self._figures.left) / self.cycles(depth) * luck

    def luck(self, dice: Random) -> float:
        """How fast one battery wears beside others of the same use."""
        return exp(dice.gauss(0, self._figures.luck_log_sd))

    def lived(self, dice: Random, per_year: list[tuple[float, float]], luck: float) -> tuple[float, int]:
        """The capacity that a battery of some age still has, after (times a year, depth) of its unit's use.

        With it the cycles that its gauge has counted: as many as full discharges would have taken as much.
        """
        figures = self._figures
        years = dice.uniform(0, figures.years)
        yearly = figures.calendar + sum(times * self.lost(depth, luck) for times, depth in per_year)
        lost = years * yearly
        if dice.random() < figures.duds:
            lost += dice.uniform(*figures.dud_loses)
        return max(1 - lost, LEAST_HEALTH), round(years * sum(times * depth for times, depth in per_year))


def use_of(pump: Pump, figures: PowerFigures) -> list[tuple[float, float]]:
    """(times a year, depth) that a pump of this care area was left on battery in its life before the simulation."""
    habit: dict[Shift, float] = figures.habits.get(pump.care_area, figures.habits_elsewhere)
    hourly = (figures.drain.base + figures.drain.channel) / 100
    days = 365 * _SHARE_INFUSING
    return [
        (days * sum(habit.values()) / max(len(habit), 1), figures.practice_minutes / 60 * hourly),
        (days * figures.transports_per_day, figures.transport_minutes / 60 * hourly),
        (days * figures.mri_per_day, figures.mri_minutes / 60 * hourly),
    ]


def battery_seed(seed: int, number: int) -> int:
    """Where the chance of one battery's life begins."""
    return mix(seed, number, 4)

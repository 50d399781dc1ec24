"""Batteries of a fleet, and the habits that empty them: one step a minute for each pump.

What changes is kept in arrays, 11 bytes a pump: charge, what runs, and flags. Everything else comes from `fleet`.
"""

from __future__ import annotations

from array import array
from math import exp, log
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from services.pumps.dice import mix

if TYPE_CHECKING:
    from random import Random

    from services.pumps.behaviour import PowerFigures, Shift
    from services.pumps.fleet import Pump

Why = Literal["practice", "transport", "loose_cord", "unit_power_failure"]
Alarm = Literal["low", "very_low", "depleted"]

BATTERY, LOW, VERY_LOW, DEPLETED, AWAY = 1, 2, 4, 8, 16
DAY_MINUTES = 1440
TRANSPORT_LOCATIONS = ("CT", "MRI", "Operating theatre", "Angiography")
_DRAWS = 2**53


class Unplugging(NamedTuple):
    """Somebody takes a running pump off the mains in so many ms, for so many minutes."""

    why: Why
    in_ms: int
    minutes: float


class Batteries:
    """State of every battery; the seed decides who unplugs when."""

    def __init__(self, pumps: int, seed: int, figures: PowerFigures) -> None:
        self._figures = figures
        self._seed = seed
        # Most batteries of a fleet on mains are full; some were just in use: judgement.
        self.charge = array("f", (100.0 - 30.0 * ((mix(seed, index, 4) >> 40) / 2**24) ** 4 for index in range(pumps)))
        self.flags = array("B", bytes(pumps))
        self.turns = array("B", bytes(pumps))
        self.rate_ml_h = array("f", bytes(4 * pumps))
        self.running = array("B", bytes(pumps))

    def drain(self, index: int) -> float:
        """Percent of a new battery that this pump uses in an hour as it runs now."""
        figures = self._figures.drain
        return figures.base + figures.channel * self.running[index] + figures.ml_h * self.rate_ml_h[index]

    def minute(self, pump: Pump) -> Alarm | None:
        """One minute passes; the alarm that begins, if any. A worn battery drains faster than its gauge expects."""
        index = pump.number
        flags = self.flags[index]
        if not flags & BATTERY:
            charge = self.charge[index]
            if charge < 100.0:
                self.charge[index] = min(charge + self._figures.charge / 60, 100.0)
            return None
        if flags & DEPLETED:
            return None
        hourly = self.drain(index) / pump.health
        charge = self.charge[index] = max(self.charge[index] - hourly / 60, 0.0)
        left = charge / hourly * 60
        if charge <= 0.0:
            self.flags[index] = flags | DEPLETED | LOW | VERY_LOW
            return "depleted"
        if left <= self._figures.very_low_minutes and not flags & VERY_LOW:
            self.flags[index] = flags | VERY_LOW | LOW
            return "very_low"
        if left <= self._figures.low_minutes and not flags & LOW:
            self.flags[index] = flags | LOW
            return "low"
        return None

    def gauge_minutes(self, index: int) -> float | None:
        """The pump's own estimate on battery, as if the battery were new."""
        if not self.flags[index] & BATTERY:
            return None
        return round(self.charge[index] / self.drain(index) * 60, 1)

    def unplugging(self, pump: Pump, minute: int, shift: Shift, dice: Random) -> Unplugging | None:
        """Whether a running pump on mains is unplugged within the coming minute."""
        figures = self._figures
        habit = figures.habits.get(pump.care_area, figures.habits_elsewhere)[shift]
        flaps = figures.flaps_per_day if pump.loose_cord else 0.0
        draw = (mix(self._seed, pump.number, minute) >> 11) / _DRAWS * DAY_MINUTES
        if draw >= habit + figures.transports_per_day + flaps:
            return None
        dice.seed(mix(self._seed, pump.number, ~minute))
        in_ms = dice.randrange(1, 50_000)
        if draw < habit:
            return Unplugging("practice", in_ms, _around(dice, figures.practice_minutes, 0.9))
        if draw < habit + figures.transports_per_day:
            return Unplugging("transport", in_ms, _around(dice, figures.transport_minutes, 0.6))
        return Unplugging("loose_cord", in_ms, dice.uniform(1, 8) / 60)

    def unplug(self, index: int, *, away: bool) -> int:
        """On battery from now; the number of this turn, which `plug` must name."""
        self.flags[index] = BATTERY | (AWAY if away else 0)
        self.turns[index] = (self.turns[index] + 1) & 0xFF
        return self.turns[index]

    def plug(self, index: int) -> None:
        """On mains from now, all alarms over."""
        self.flags[index] = 0


def often(figures: PowerFigures, factor: float) -> PowerFigures:
    """Plugs pulled so many times as often; 0: never."""
    return msgspec.structs.replace(
        figures,
        habits={area: _times(habit, factor) for area, habit in figures.habits.items()},
        habits_elsewhere=_times(figures.habits_elsewhere, factor),
        transports_per_day=figures.transports_per_day * factor,
        flaps_per_day=figures.flaps_per_day * factor,
        failures_per_year=figures.failures_per_year * factor,
    )


def _times(habit: dict[Shift, float], factor: float) -> dict[Shift, float]:
    return {shift: per_day * factor for shift, per_day in habit.items()}


def _around(dice: Random, median: float, log_sd: float) -> float:
    return exp(dice.gauss(log(median), log_sd))


def shift_at(ms: int) -> Shift:
    """Day 07-15, evening 15-23, night 23-07 by UTC."""
    hour = ms // 3_600_000 % 24
    return "day" if 7 <= hour < 15 else "evening" if 15 <= hour < 23 else "night"

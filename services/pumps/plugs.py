"""Who takes a running pump off the mains, for how long, and whether the pump then names another place."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from services.pumps.dice import mix, text_seed

if TYPE_CHECKING:
    from random import Random

    from services.pumps.behaviour import PowerFigures, Shift
    from services.pumps.fleet import Pump

Why = Literal["practice", "transport", "mri", "loose_cord", "unit_power_failure"]

DAY_MINUTES = 1440
HOME, STRAYED = 0, 1  # where a pump says it is; above: one of PLACES
PLACES = ("CT", "Operating theatre", "Angiography", "MRI")
_FIRST_PLACE = 2
_DRAWS = 2**53
_PRACTICE_LOG_SD, _TRANSPORT_LOG_SD, _MRI_LOG_SD, _FLAP_LOG_SD = 0.9, 0.6, 0.35, 0.7
_LONGEST_FLAP_MINUTES = 0.9


class Unplugging(NamedTuple):
    """Somebody takes a running pump off the mains in so many ms, for so many minutes.

    `place` is where the pump says it is meanwhile; `flaps` how often a loose cord will still lose the mains after it.
    """

    why: Why
    in_ms: int
    minutes: float
    place: int = HOME
    flaps: int = 0


class Plugs:
    """The habits of units and the journeys of patients; the seed decides who unplugs when."""

    def __init__(self, seed: int, figures: PowerFigures) -> None:
        self._seed, self._figures = seed, figures
        self._units: dict[tuple[str, str], dict[Shift, float]] = {}

    def habit(self, hospital: str, care_area: str) -> dict[Shift, float]:
        """How often a day a running pump of this unit is left unplugged without need, by shift."""
        unit = hospital, care_area
        habit = self._units.get(unit)
        if habit is None:
            figures = self._figures
            # A sum of twelve even draws is as good as normal (Irwin and Hall).
            name = text_seed(f"{hospital}/{care_area}")
            normal = sum((mix(self._seed, name, draw) >> 11) / _DRAWS for draw in range(12)) - 6
            factor = exp(figures.habits_log_sd * normal)
            usual = figures.habits.get(care_area, figures.habits_elsewhere)
            habit = self._units[unit] = {shift: per_day * factor for shift, per_day in usual.items()}
        return habit

    def unplugging(self, pump: Pump, minute: int, shift: Shift, dice: Random) -> Unplugging | None:
        """Whether a running pump on mains is unplugged within the coming minute."""
        figures = self._figures
        if not figures.busy:
            return None
        habit = self.habit(pump.hospital, pump.care_area).get(shift, 0.0)
        journey = habit + figures.transports_per_day
        magnet = journey + figures.mri_per_day
        draw = (mix(self._seed, pump.number, minute) >> 11) / _DRAWS * DAY_MINUTES / figures.busy
        if draw >= magnet + (figures.flaps_per_day if pump.loose_cord else 0.0):
            return None
        dice.seed(mix(self._seed, pump.number, ~minute))
        in_ms = dice.randrange(1, 50_000)
        if draw < habit:
            place = STRAYED if dice.random() < figures.location_strays else HOME
            return Unplugging("practice", in_ms, _around(dice, figures.practice_minutes, _PRACTICE_LOG_SD), place)
        if draw < journey:
            place = _FIRST_PLACE + dice.randrange(len(PLACES) - 1) if dice.random() < figures.location_told else HOME
            return Unplugging("transport", in_ms, _around(dice, figures.transport_minutes, _TRANSPORT_LOG_SD), place)
        if draw < magnet:
            place = _FIRST_PLACE + len(PLACES) - 1 if dice.random() < figures.location_told else HOME
            return Unplugging("mri", in_ms, _around(dice, figures.mri_minutes, _MRI_LOG_SD), place)
        return Unplugging("loose_cord", in_ms, self._gap(dice), flaps=dice.randint(*figures.flaps) - 1)

    def flap(self, before: Unplugging, dice: Random) -> tuple[float, Unplugging]:
        """Minutes that a loose cord is on the mains again, and the next time it is not."""
        on_mains = min(_around(dice, self._figures.flap_seconds[1] / 60, _FLAP_LOG_SD), _LONGEST_FLAP_MINUTES)
        return on_mains, before._replace(minutes=self._gap(dice), flaps=before.flaps - 1)

    def _gap(self, dice: Random) -> float:
        return min(_around(dice, self._figures.flap_seconds[0] / 60, _FLAP_LOG_SD), _LONGEST_FLAP_MINUTES)


def place_name(place: int, pump: Pump) -> str | None:
    """What a pump at this place says of its location."""
    if place == HOME or pump.location is None:
        return pump.location
    if place == STRAYED:
        return f"{pump.care_area}, bay {pump.zone + 2}"
    return PLACES[place - _FIRST_PLACE]


def often(figures: PowerFigures, factor: float) -> PowerFigures:
    """Plugs pulled so many times as often; 0: never. The batteries' life before the simulation stays as it was."""
    return msgspec.structs.replace(figures, busy=figures.busy * factor)


def _around(dice: Random, median: float, log_sd: float) -> float:
    return exp(dice.gauss(log(median), log_sd))


def shift_at(ms: int) -> Shift:
    """Day 07-15, evening 15-23, night 23-07 by UTC."""
    hour = ms // 3_600_000 % 24
    return "day" if 7 <= hour < 15 else "evening" if 15 <= hour < 23 else "night"

"""Which values nurses mean to enter: starts and titrations as in the real logs, in numbers that people choose."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, NamedTuple

from schemas import units
from schemas.library import Library, load_default
from services.pumps import profiles as fitted
from services.pumps.dice import from_quantiles
from services.pumps.keystrokes import enterable

if TYPE_CHECKING:
    from random import Random

    from schemas.events import Field, Limit
    from services.pumps.behaviour import AnswerFigures, FleetFigures, Kind
    from services.pumps.profiles import Profile
    from streams.intent.keypad import Layout

ADULT_KG = 70.0
# Where no concentration is known, the median dose runs at this flow: judgement.
MEDIAN_ML_H = 10.0
LEAST_MINUTES = 3.0
LONGEST_MINUTES = 24 * 60.0
_TRIES = 8


class Therapy(NamedTuple):
    """A drug in one unit as this fleet gives it: one mL/h is `per_ml_h` of the unit at the usual concentration."""

    profile: Profile
    field: Field
    concentration: float | None
    per_ml_h: float
    ratios: tuple[float, ...]


class Bedside:
    """The therapies of the fleet, by kind of care area, and the limits of the default library."""

    def __init__(self, fleet: FleetFigures, answers: AnswerFigures) -> None:
        figures = fitted.load()
        self._shares = figures.quantiles
        library = load_default()
        self._library = Library(library)
        self._concentrations = {row.drug: row.concentrations for row in library.rows if row.concentrations}
        self._volumes = answers.volumes_ml
        self.therapies = [self._therapy(profile) for profile in figures.profiles]
        self._steady = [therapy.profile.unit == "mL/h" for therapy in self.therapies]
        self._weights: dict[str, list[int]] = {}
        ward = {self._library.canonical_drug(name) or name for name in fleet.ward_drugs}
        for kind in ("medical", "surgical", "cardiac"):
            self._weights[kind] = [therapy.profile.kinds.get(kind, 0) for therapy in self.therapies]
        self._weights["ward"] = [
            therapy.profile.kinds["medical"] if therapy.profile.drug in ward else 0 for therapy in self.therapies
        ]

    def choose(self, kind: Kind, keypad: Layout, dice: Random) -> int:
        """Number of a therapy, as often as it is entered in such a care area; pumps with chevrons run mL/h only."""
        weights = self._weights[kind]
        if keypad.kind != "digits":
            weights = [weight + 1 if steady else 0 for weight, steady in zip(weights, self._steady, strict=True)]
        return dice.choices(range(len(weights)), weights)[0]

    def start(self, therapy: Therapy, care_area: str, keypad: Layout, dice: Random) -> float:
        """The first value of an infusion, above 0 and within the hard limits."""
        profile = therapy.profile
        for _ in range(_TRIES):
            value = self._chosen(profile, from_quantiles(dice, self._shares, profile.start), keypad, dice)
            if not self._stopped(therapy, care_area, value):
                return value
        return enterable(profile.value[len(profile.value) // 2], keypad)

    def titrate(self, therapy: Therapy, care_area: str, before: float, keypad: Layout, dice: Random) -> float:
        """The next value: the one before times a ratio of the logs, within their range and the hard limits."""
        profile = therapy.profile
        low, high = profile.value[0], profile.value[-1]
        for _ in range(_TRIES):
            value = self._chosen(profile, before * from_quantiles(dice, self._shares, profile.ratio), keypad, dice)
            if value != before and low <= value <= high and not self._stopped(therapy, care_area, value):
                return value
        return self.start(therapy, care_area, keypad, dice)

    def minutes(self, therapy: Therapy, dice: Random) -> float:
        """Until the next entry of this infusion."""
        minutes = from_quantiles(dice, self._shares, therapy.profile.minutes)
        return min(max(minutes, LEAST_MINUTES), LONGEST_MINUTES)

    def volume(self, keypad: Layout, dice: Random) -> float:
        """A volume to be infused, in mL."""
        return enterable(dice.choice(self._volumes), keypad)

    def limit(self, therapy: Therapy, care_area: str, field: Field, value: float) -> Limit | None:
        """The limit of the library that the pump warns of."""
        unit = "mL" if field == "vtbi" else therapy.profile.unit
        row = self._library.row(therapy.profile.drug, care_area, field, unit)
        return None if row is None else Library.limit(row, value)

    def _stopped(self, therapy: Therapy, care_area: str, value: float) -> bool:
        limit = self.limit(therapy, care_area, therapy.field, value)
        return value <= 0 or (limit is not None and limit.startswith("hard"))

    def _chosen(self, profile: Profile, value: float, keypad: Layout, dice: Random) -> float:
        """The nearest number with as many digits as people use for this drug."""
        if value <= 0:
            return 0.0
        digits = dice.choices((1, 1.5, 2, 3), profile.digits)[0]
        power = 10.0 ** floor(log10(value))
        step = power / 2 if digits == 1.5 else power / 10 ** (digits - 1)
        return enterable(max(round(value / step), 1) * step, keypad)

    def _therapy(self, profile: Profile) -> Therapy:
        if profile.unit == "mL/h":
            return Therapy(profile, "rate", None, 1.0, ())
        amount, *per = profile.unit.split("/")
        usual = [
            strength.value * factor
            for strength in self._concentrations.get(profile.drug, [])
            if (factor := units.ratio(strength.unit, f"{amount}/mL"))
        ]
        weight = ADULT_KG if "kg" in per else 1.0
        per_hour = units.ratio("/".join([amount, *(part for part in per if part != "kg")]), f"{amount}/h") or 1.0
        if not usual:
            return Therapy(profile, "dose", None, profile.value[len(profile.value) // 2] / MEDIAN_ML_H, ())
        ratios = tuple(one / other for one in usual for other in usual if one != other)
        return Therapy(profile, "dose", usual[0], usual[0] / (weight * per_hour), ratios)

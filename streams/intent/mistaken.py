"""Slips of the mind: another field's number, another bag's or another unit's, or the number that stood there before.

They need the programme and the library, where the ways of `channel` need only the text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from streams.intent.arithmetic import Asked, factors, reckoned
from streams.intent.grid import MAX_VALUE, MIN_VALUE, picker
from streams.intent.number import cell, round_neighbours, roundest
from streams.intent.other_fields import OtherFields, most_usual, other_fields
from streams.intent.priors import after
from streams.intent.programme import Programme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from schemas.events import Slip
    from streams.intent.arithmetic import Factor
    from streams.intent.grid import OfPlaces
    from streams.intent.parameters import Parameters
    from streams.intent.prior import Context, Infusion

KEPT = 8192
"""Values of a drug whose slips of the mind are kept: about 3.4 KB each, 28 MB together."""
KEPT_FIELDS = 4096
LEAST_ODDS = 2e-3
"""A way whose chance x width is less than this of the typed value's own is left out, as in `channel`."""
_NOTHING_KNOWN = Programme()


class Mistake(NamedTuple):
    """A value that may have been meant, and P(typed | it was meant, some slip).

    `mass` is the chance x the part of its neighbourhood that the value stands for, `place` its cell on the grid.
    `part`: the slip gives the typed number whatever was meant; this is one of the values that may have been. `whole`:
    the programme says that nothing else can have been meant, so the chance is the weight.
    """

    value: float
    slip: Slip
    chance: float
    mass: float
    place: int
    part: bool = False
    whole: bool = False


class Mistaken(NamedTuple):
    """All slips of the mind that give one value.

    `unseen` are slips with P(typed | slip) that is the same whatever was meant, as the number comes from elsewhere:
    as the prior of all values sums to 1, that is their whole weight. Of it the `ways` marked `part`, if any, hold some.
    `masses` are those of the ways, `of_places` picks their places from a table over the grid.
    """

    ways: tuple[Mistake, ...]
    unseen: tuple[tuple[Slip, float], ...]
    masses: tuple[float, ...]
    of_places: OfPlaces


def mistaken(ways: Iterable[Mistake], unseen: Iterable[tuple[Slip, float]]) -> Mistaken:
    """The slips of the mind with what is looked up of their ways."""
    ways = tuple(ways)
    return Mistaken(ways, tuple(unseen), tuple([one.mass for one in ways]), picker([one.place for one in ways]))


NONE = mistaken((), ())


class _ByDrug(NamedTuple):
    found: Mistaken
    field: float


class ProgrammeSlips:
    """Finds the slips of the mind; what depends on the drug, the value and the patient alone is worked out once."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._by_drug: Callable[[Infusion, float, tuple[float, ...], float | None, float | None], _ByDrug]
        self._by_drug = lru_cache(KEPT)(self._known_by_drug)
        self._field: Callable[[Infusion], OtherFields]
        self._field = lru_cache(KEPT_FIELDS)(lambda infusion: other_fields(infusion, parameters))
        self._factors: Callable[[Asked], tuple[Factor, ...]]
        self._factors = lru_cache(KEPT)(lambda asked: factors(asked, parameters.mistakes))

    def of(
        self,
        context: Context,
        value: float,
        previous: float | None,
        programme: Programme | None,
        *,
        snaps: bool = False,
    ) -> Mistaken:
        """All slips of the mind that give `value`; without a programme the library and usual weights must do.

        `snaps`: the keypad stops at a hard limit where a step would go beyond it.
        """
        if not value:
            return NONE
        known = programme or _NOTHING_KNOWN
        shares = context.digits[after(previous)]
        usual = self._by_drug(context.infusion, value, shares, known.weight, known.concentration)
        told: list[Mistake] = []
        field = usual.field
        if known.others:
            field += self._field_told(context, value, known, told)
        unseen: list[tuple[Slip, float]] = [("wrong_field", field)] if field else []
        if value in (previous, known.earlier):
            kept = 1 if known.keyless else self._parameters.mistakes.stale_with_keys
            unseen.append(("stale_value", self._parameters.shares["stale_value"] * kept))
        row = context.row
        if snaps and row is not None and value in (row.hard_high, row.hard_low):
            snapped = self._parameters.stepped["overshoot"] * self._parameters.mistakes.snapped
            unseen.append(("overshoot", snapped))
        if told:
            return mistaken((*usual.found.ways, *told), unseen)
        return usual.found._replace(unseen=tuple(unseen))

    def named(
        self, context: Context, value: float, previous: float | None, course: Iterable[float], found: Mistaken
    ) -> Mistaken:
        """The same with ways to the values that may have been meant by slips that do not tell: only worth it in doubt.

        Candidates are the values before, round ones near the previous, and the usual ones.
        """
        candidates = dict.fromkeys([*course, *most_usual(context.density)])
        if previous:
            candidates |= dict.fromkeys([previous, *round_neighbours(previous)])
        candidates.pop(value, None)
        shares = context.digits[after(previous)]
        ways = list(found.ways)
        for meant in candidates:
            if MIN_VALUE <= meant <= MAX_VALUE:
                digits, distance, place = cell(meant)
                width = shares[digits] * distance
                ways += [
                    Mistake(meant, slip, chance, chance * width, place, part=True) for slip, chance in found.unseen
                ]
        return mistaken(ways, found.unseen)

    def _known_by_drug(
        self,
        infusion: Infusion,
        value: float,
        shares: tuple[float, ...],
        weight: float | None,
        concentration: float | None,
    ) -> _ByDrug:
        """`shares` are those of the classes of roundness."""
        parameters = self._parameters
        digits, distance, _ = cell(value)
        typed_width = shares[digits] * distance
        others = self._field(infusion)
        ways: list[Mistake] = []
        if infusion.field != "weight":
            asked = Asked(infusion.library, infusion.drug, infusion.profile, infusion.unit, weight, concentration)
            for times, slip, share, same_number in self._factors(asked):
                meant = roundest(value * times, value)
                if meant == value or not MIN_VALUE <= meant <= MAX_VALUE:
                    continue
                chance = parameters.shares[slip] * share
                digits, distance, place = cell(meant)
                width = shares[digits] * distance
                if same_number:
                    width = (width + typed_width) / 2
                if chance * width >= LEAST_ODDS * typed_width:
                    ways.append(Mistake(meant, slip, chance, chance * width, place))
        return _ByDrug(mistaken(ways, ()), typed_width * others.density(value))

    def _field_told(self, context: Context, value: float, known: Programme, ways: list[Mistake]) -> float:
        """P(typed | the number of a field already told was typed), beyond what is usual in such fields.

        Where weight and bag tell what that number comes to in this field, that is a way, and not counted here.
        """
        parameters = self._parameters
        confused = parameters.mistakes.confused_with.get(context.field, {})
        left = 0.0
        for one in known.others:
            share = confused.get(one.field, 0.0) if one.value == value else 0.0
            if not share:
                continue
            chance = parameters.shares["wrong_field"] * parameters.mistakes.told_exactly * share
            asked = Asked(
                context.library, context.drug, context.profile, context.unit, known.weight, known.concentration
            )
            found = reckoned(asked, value, one.unit)
            meant = None if found is None else roundest(found, value)
            if meant is None or meant == value or not MIN_VALUE <= meant <= MAX_VALUE:
                left += chance
            else:
                ways.append(Mistake(meant, "wrong_field", chance, 0.0, cell(meant)[2], whole=True))
        return left

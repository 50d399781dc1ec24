"""The prior: how probable each value is for a drug, unit, field and care area, before any key is seen.

A mixture of what is entered at all and of titration from the previous value. What is entered at all comes from real
entries of the drug and unit, shrunk towards the library's window and, where there is none, towards all drugs of the
unit; where nothing is known, towards the field's broad centre.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from schemas import units
from schemas.library import ANY_DRUG
from streams.intent import grid
from streams.intent.priors import AFTER, Component, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from schemas.drugs.care_areas import Profile
    from schemas.events import Field, LibraryRow, Slip
    from schemas.library import Library
    from streams.intent.grid import OfPlaces
    from streams.intent.parameters import Parameters
    from streams.intent.priors import After, Course, Fitted, Priors
    from streams.intent.taught import Own

KEPT_DENSITIES = 1024
KEPT_CONTEXTS = 16384
LEAST_DENSITY = 1e-9
AROUND_SD = 0.15
"""How far a value lies from the earlier one it comes back near to, in powers of ten; also used to fit its share."""
_FITTED_FIELDS = ("rate", "dose")
Limits = tuple[float | None, float | None, float | None, float | None]


@dataclass(frozen=True, eq=False, slots=True)
class Density:
    """What is entered at all: a density for each cell of the grid, and the usual values with their shares.

    Compared by identity, so it may key a cache. The shares of `usual` are those of a first entry, and sum to
    `usual_share`. `within` is 1 within the limits of the library, and what a titration beyond them counts for where the
    value before was within.

    What a hospital was seen to enter lies over that in `own` and `own_usual`, and what is below counts for `below`: two
    layers, as adding up the whole grid for each hospital costs ten times as much as looking both up.
    """

    cells: Sequence[float]
    within: list[float]
    broad: list[float]
    usual: dict[float, float]
    usual_share: float
    below: float = 1.0
    own: Sequence[float] = ()
    own_usual: dict[float, float] = field(default_factory=dict)

    def picked(self, of_places: OfPlaces) -> Sequence[float]:
        """The density in some cells."""
        found = of_places(self.cells)
        if not self.own:
            return found
        below = self.below
        return [below * density + own for density, own in zip(found, of_places(self.own), strict=True)]

    def share(self, value: float) -> float:
        """The share of one value among the usual ones."""
        found = self.usual.get(value, 0.0)
        return self.below * found + self.own_usual.get(value, 0.0) if self.own else found

    def flat(self) -> Density:
        """Both layers as one."""
        cells = array("d", self.picked(list))
        usual = {value: self.share(value) for value in self.usual | self.own_usual}
        return Density(cells, self.within, self.broad, usual, self.usual_share)


class _Asked(NamedTuple):
    """What a density depends on: canonical drug and unit, and the limits (soft low and high, hard low and high)."""

    drug: str
    unit: str
    field: Field
    limits: Limits
    child: bool
    own_row: bool


@dataclass(frozen=True, eq=False, slots=True)
class Infusion:
    """What is given, in which field and unit, to whom: all that slips of the mind go by. One object for each."""

    library: Library
    drug: str
    field: Field
    unit: str
    profile: Profile


class Context:
    """All that is known of an entry before its value.

    `slips` are factors on the shares of slips where a hospital's own are known, `own` is what its entries say.
    """

    __slots__ = (
        "around", "course", "density", "digits", "drug", "field", "fitted", "high_alert", "infusion", "library", "own",
        "profile", "row", "slips", "titration", "unit", "usual_odds",
    )  # fmt: skip

    def __init__(
        self,
        infusion: Infusion,
        row: LibraryRow | None,
        fitted: Fitted | None,
        density: Density,
        titration: grid.Differences,
        course: Course,
        digits: dict[After, tuple[float, ...]],
    ) -> None:
        self.infusion = infusion
        self.library = infusion.library
        self.drug = infusion.drug
        self.field = infusion.field
        self.unit = infusion.unit
        self.profile = infusion.profile
        self.row = row
        self.fitted = fitted
        self.density = density
        self.titration = titration
        self.around = _AROUND
        self.course = course
        self.usual_odds = course.usual_odds
        self.digits = digits
        self.high_alert = row is not None and row.high_alert
        self.slips: dict[Slip, float] = {}
        self.own: Own | None = None

    def of_hospital(self, density: Density, slips: dict[Slip, float], own: Own | None) -> Context:
        """The same at a hospital that something was learned of."""
        found = Context(
            self.infusion, self.row, self.fitted, density, self.titration, self.course, self.digits
        )  # fmt: skip
        found.slips, found.own = slips, own
        return found


class Prior:
    """Contexts by library, drug, care area, field and unit; bounded."""

    def __init__(self, parameters: Parameters, priors: Priors) -> None:
        self._weights = parameters.prior
        self._priors = priors
        self._digits = {kind: {before: priors.class_shares(kind, before) for before in AFTER} for kind in priors.digits}
        self._titration = _ratios(priors.titration.density)
        self.context: Callable[[Library, str, str, Field, str], Context] = lru_cache(KEPT_CONTEXTS)(self._context)
        self._density = lru_cache(KEPT_DENSITIES)(self._build)
        self._infusion = lru_cache(KEPT_CONTEXTS)(Infusion)

    def _context(self, library: Library, drug: str, care_area: str, field: Field, unit: str) -> Context:
        row = library.row(drug, care_area, field, unit)
        asked = _Asked(
            library.canonical_drug(drug) or " ".join(drug.casefold().split()),
            units.canonical(unit) or unit,
            field,
            (None,) * 4 if row is None else (row.soft_low, row.soft_high, row.hard_low, row.hard_high),
            child=row is not None and row.care_area in {"paediatric", "neonatal"},
            own_row=row is not None and row.drug != ANY_DRUG,
        )
        fitted, factor = self._fitted(asked)
        return Context(
            self._infusion(library, asked.drug, field, asked.unit, library.profile(care_area)),
            row,
            None if asked.child or factor != 1.0 else fitted,
            self._density(asked),
            self._titration,
            self._priors.course,
            self._digits[kind_of(asked.unit)],
        )

    def _fitted(self, asked: _Asked) -> tuple[Fitted | None, float]:
        """The figures of a drug in a unit, or in another of its family with the factor between them."""
        if asked.field not in _FITTED_FIELDS:
            return None, 1.0
        unit = asked.unit
        by_unit = self._priors.drugs.get(asked.drug, {})
        if unit in by_unit:
            return by_unit[unit], 1.0
        near = [
            (found.entries, factor, found) for other, found in by_unit.items() if (factor := units.ratio(other, unit))
        ]
        if not near:
            return None, 1.0
        _, factor, found = max(near, key=lambda one: one[0])
        return found, factor

    def _build(self, asked: _Asked) -> Density:
        weights = self._weights
        broad = self._broad(asked)
        # What any drug may run at says where a pump ends, not what is usual.
        window = self._window(asked.limits) if asked.own_row else []
        fitted, factor = self._fitted(asked)
        entries = 0.0 if fitted is None else fitted.entries * (weights.adult_for_child if asked.child else 1.0)
        trust = entries / (entries + weights.trust_after)
        parts = [(1 - trust, window or broad)]
        usual: dict[float, float] = {}
        if fitted is not None:
            shift = math.log10(factor)
            parts.append((trust, [Component(one.weight, one.mean + shift, one.sd) for one in fitted.density]))
            if factor == 1.0:
                usual = {value: share * trust for value, share in fitted.usual.items()}
        narrow = _mixed(parts)
        within = [self._within(10 ** grid.logarithm(cell), asked.limits) for cell in range(grid.SIZE)]
        narrow = [density * factor for density, factor in zip(narrow, within, strict=True)]
        _normalise(narrow)
        if asked.field in _FITTED_FIELDS and asked.unit in self._priors.units and not asked.child:
            for value, share in self._usual_of_unit(asked.unit, narrow):
                usual[value] = usual.get(value, 0.0) + share * (1 - trust)
        wide = _mixed([(1.0, broad)])
        cells = [(1 - weights.broad) * near + weights.broad * far for near, far in zip(narrow, wide, strict=True)]
        usual_share = self._priors.course.usual_of_first if usual else 0.0
        scale = usual_share / (sum(usual.values()) or 1.0)
        shares = {value: share * scale for value, share in usual.items()}
        fastest = self._fastest(asked, narrow) if usual else 0.0
        if fastest:
            value = weights.fastest_ml_h
            shares = {one: share * (1 - fastest) for one, share in shares.items()}
            shares[value] = shares.get(value, 0.0) + fastest * usual_share
        return Density(array("d", cells), within, wide, shares, usual_share)

    def _fastest(self, asked: _Asked, narrow: Sequence[float]) -> float:
        """Share of the fastest flow a pump takes among the usual values, as far as this drug is given so.

        It is how a bolus is given, at every hospital, and of heparin never.
        """
        if asked.unit != "mL/h" or asked.field != "rate" or asked.child or asked.unit not in self._priors.units:
            return 0.0
        cell = grid.index(self._weights.fastest_ml_h)
        of_all = _mixed([(1.0, self._priors.units[asked.unit].density)])
        return self._weights.fastest * min(1.0, narrow[cell] / of_all[cell])

    def _usual_of_unit(self, unit: str, narrow: Sequence[float]) -> Iterator[tuple[float, float]]:
        """Numbers usual in a unit, as far as this drug is given so: 1000 mL/h is a bolus of fluid, and no heparin."""
        known = self._priors.units[unit]
        of_all = _mixed([(1.0, known.density)])
        for value, share in known.usual.items():
            cell = grid.index(value)
            yield value, share * min(1.0, narrow[cell] / of_all[cell])

    def _broad(self, asked: _Asked) -> list[Component]:
        centre = self._weights.fields[asked.field]
        if asked.field in _FITTED_FIELDS and asked.unit in self._priors.units:
            known = self._priors.units[asked.unit]
            return [
                *(Component(one.weight / 2, one.mean, max(one.sd, 0.3)) for one in known.density),
                Component(0.5, sum(one.weight * one.mean for one in known.density), self._weights.broad_sd),
            ]
        return [Component(1.0, math.log10(centre.median), centre.sd)]

    def _window(self, limits: Limits) -> list[Component]:
        """The library's window as one density; empty where it has no limit."""
        soft_low, soft_high, hard_low, hard_high = limits
        low, high = soft_low or hard_low, soft_high or hard_high
        if low and high and low < high:
            width = math.log10(high / low)
            return [Component(1.0, math.log10(low) + width / 2, max(width / self._weights.window_sds, 0.1))]
        sd = self._weights.one_sided_sd
        if high:
            return [Component(1.0, math.log10(high) - 1.3 * sd, sd)]
        if low:
            return [Component(1.0, math.log10(low) + 1.3 * sd, sd)]
        return []

    def _within(self, value: float, limits: Limits) -> float:
        soft_low, soft_high, hard_low, hard_high = limits
        if (hard_high is not None and value > hard_high) or (hard_low is not None and value < hard_low):
            return self._weights.above_hard
        if (soft_high is not None and value > soft_high) or (soft_low is not None and value < soft_low):
            return self._weights.above_soft
        return 1.0


def _mixed(parts: Iterable[tuple[float, Iterable[Component]]]) -> list[float]:
    cells = [0.0] * grid.SIZE
    for share, components in parts:
        for one in components:
            scale = share * one.weight / (one.sd * math.sqrt(2 * math.pi))
            for cell in range(grid.SIZE):
                apart = (grid.logarithm(cell) - one.mean) / one.sd
                if -6 < apart < 6:
                    cells[cell] += scale * math.exp(-0.5 * apart * apart)
    _normalise(cells)
    return cells


def _normalise(cells: list[float]) -> None:
    """Make the cells sum to one; none is quite empty, so that whatever is entered has a probability."""
    total = sum(cells) / grid.CELLS_A_DECADE
    for cell in range(grid.SIZE):
        cells[cell] = cells[cell] / total + LEAST_DENSITY


def _ratios(components: Iterable[Component]) -> grid.Differences:
    """Density over the difference of two cells; entry `grid.SIZE - 1` is no difference."""
    cells = [0.0] * (2 * grid.SIZE - 1)
    total = sum(one.weight for one in components)
    for one in components:
        scale = one.weight / total / (one.sd * math.sqrt(2 * math.pi))
        for cell in range(2 * grid.SIZE - 1):
            apart = ((cell - grid.SIZE + 1) / grid.CELLS_A_DECADE - one.mean) / one.sd
            cells[cell] += scale * math.exp(-0.5 * apart * apart) if -8 < apart < 8 else 0.0
    return grid.Differences(cells)


_AROUND = _ratios([Component(1.0, 0.0, AROUND_SD)])

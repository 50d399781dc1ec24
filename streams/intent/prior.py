"""The prior: how probable each value is for a drug, unit, field and care area, before any key is seen.

A mixture of what is entered at all and of titration from the previous value. What is entered at all comes from real
entries of the drug and unit, shrunk towards the library's window and, where there is none, towards all drugs of the
unit; where nothing is known, towards the field's broad centre.
"""

from __future__ import annotations

import math
from array import array
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from schemas import units
from schemas.library import ANY_DRUG
from streams.intent import grid
from streams.intent.priors import AFTER, Component, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from schemas.events import Field, LibraryRow
    from schemas.library import Library
    from streams.intent.parameters import Parameters
    from streams.intent.priors import After, Fitted, Priors

KEPT_DENSITIES = 1024
KEPT_CONTEXTS = 16384
_LIMITS = ("soft_low", "soft_high", "hard_low", "hard_high")


class Density(NamedTuple):
    """What is entered at all: density for each cell of the grid, and single values with their probability."""

    cells: list[float]
    broad: list[float]
    usual: tuple[tuple[float, float], ...]
    smooth_share: float


class Context:
    """All that is known of an entry before its value: compared by identity, so it may key a cache."""

    __slots__ = ("density", "digits", "drug", "field", "fitted", "high_alert", "library", "row", "titration", "unit")

    def __init__(
        self,
        library: Library,
        drug: str,
        field: Field,
        unit: str,
        row: LibraryRow | None,
        fitted: Fitted | None,
        density: Density,
        titration: list[float],
        digits: dict[After, tuple[float, ...]],
    ) -> None:
        self.library = library
        self.drug = drug
        self.field = field
        self.unit = unit
        self.row = row
        self.fitted = fitted
        self.density = density
        self.titration = titration
        self.digits = digits
        self.high_alert = row is not None and row.high_alert


class Prior:
    """Contexts by library, drug, care area, field and unit; bounded."""

    def __init__(self, parameters: Parameters, priors: Priors) -> None:
        self._weights = parameters.prior
        self._priors = priors
        self._digits = {
            kind: {before: priors.class_shares(kind, before) for before in AFTER} for kind in priors.digits
        }
        self._titration = {kind: _ratios(one.density) for kind, one in priors.titration.items()}
        self.context: Callable[[Library, str, str, Field, str], Context] = lru_cache(KEPT_CONTEXTS)(self._context)
        self._density = lru_cache(KEPT_DENSITIES)(self._build)

    def _context(self, library: Library, drug: str, care_area: str, field: Field, unit: str) -> Context:
        name = library.canonical_drug(drug) or " ".join(drug.casefold().split())
        canonical = units.canonical(unit) or unit
        row = library.row(drug, care_area, field, unit)
        child = row is not None and row.care_area in {"paediatric", "neonatal"}
        limits = tuple(getattr(row, limit) for limit in _LIMITS) if row is not None else (None,) * 4
        fitted, factor = self._fitted(name, canonical) if field in {"rate", "dose"} else (None, 1.0)
        own_row = row is not None and row.drug != ANY_DRUG
        density = self._density(name, canonical, field, limits, child, own_row)
        titration = self._titration[kind_of(canonical)]
        digits = self._digits[kind_of(canonical)]
        usual = fitted if factor == 1.0 else None
        return Context(library, name, field, canonical, row, usual, density, titration, digits)

    def _fitted(self, drug: str, unit: str) -> tuple[Fitted | None, float]:
        """The figures of a drug in a unit, or in another of its family with the factor between them."""
        by_unit = self._priors.drugs.get(drug, {})
        if unit in by_unit:
            return by_unit[unit], 1.0
        near = [(found.entries, factor, found) for other, found in by_unit.items() if (factor := units.ratio(other, unit))]
        if not near:
            return None, 1.0
        _, factor, found = max(near, key=lambda one: one[0])
        return found, factor

    def _build(
        self, drug: str, unit: str, field: Field, limits: tuple[float | None, ...], child: bool, own_row: bool
    ) -> Density:
        weights = self._weights
        broad = self._broad(unit, field)
        # What any drug may run at says where a pump ends, not what is usual.
        window = self._window(limits) if own_row else []
        fitted, factor = self._fitted(drug, unit) if field in {"rate", "dose"} else (None, 1.0)
        entries = 0.0 if fitted is None else fitted.entries * (weights.adult_for_child if child else 1.0)
        trust = entries / (entries + weights.trust_after)
        parts = [(1 - trust, window or broad)]
        usual: dict[float, float] = {}
        if fitted is not None:
            shift = math.log10(factor)
            parts.append((trust, [Component(one.weight, one.mean + shift, one.sd) for one in fitted.density]))
            if factor == 1.0:
                usual = {value: share * trust for value, share in fitted.usual.items()}
        if field in {"rate", "dose"} and unit in self._priors.units:
            for value, share in self._priors.units[unit].usual.items():
                usual[value] = usual.get(value, 0.0) + share * (1 - trust)
        cells = _mixed(parts)
        for cell in range(grid.SIZE):
            cells[cell] *= self._beyond(10 ** grid.logarithm(cell), limits)
        _normalise(cells)
        wide = _mixed([(1.0, broad)])
        for cell in range(grid.SIZE):
            cells[cell] = (1 - weights.broad) * cells[cell] + weights.broad * wide[cell]
        return Density(cells, wide, tuple(usual.items()), 1 - sum(usual.values()))

    def _broad(self, unit: str, field: Field) -> list[Component]:
        centre = self._weights.fields[field]
        if field in {"rate", "dose"} and unit in self._priors.units:
            known = self._priors.units[unit]
            return [
                *(Component(one.weight / 2, one.mean, max(one.sd, 0.3)) for one in known.density),
                Component(0.5, sum(one.weight * one.mean for one in known.density), self._weights.broad_sd),
            ]
        return [Component(1.0, math.log10(centre.median), centre.sd)]

    def _window(self, limits: tuple[float | None, ...]) -> list[Component]:
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

    def _beyond(self, value: float, limits: tuple[float | None, ...]) -> float:
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
    return array("d", cells)


def _normalise(cells: list[float]) -> None:
    total = sum(cells) / grid.CELLS_A_DECADE
    for cell in range(grid.SIZE):
        cells[cell] /= total


def _ratios(components: Iterable[Component]) -> list[float]:
    """Density over the difference of two cells; entry `grid.SIZE - 1` is no difference."""
    cells = [0.0] * (2 * grid.SIZE - 1)
    total = sum(one.weight for one in components)
    for one in components:
        scale = one.weight / total / (one.sd * math.sqrt(2 * math.pi))
        for cell in range(2 * grid.SIZE - 1):
            apart = ((cell - grid.SIZE + 1) / grid.CELLS_A_DECADE - one.mean) / one.sd
            cells[cell] += scale * math.exp(-0.5 * apart * apart) if -8 < apart < 8 else 0.0
    return array("d", cells)

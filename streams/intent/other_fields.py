"""Numbers that belong in another field of the same programme: what each of them is likely to be."""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from schemas.events import Field, LibraryRow
    from streams.intent.parameters import Parameters, PriorWeights
    from streams.intent.prior import Density, Infusion

USUAL_NAMED = 8
_ROOT = math.sqrt(2 * math.pi)


class OtherFields(NamedTuple):
    """What else is typed into one field: shares (of all slips), mean and standard deviation in powers of ten."""

    others: tuple[tuple[float, float, float], ...]

    def density(self, value: float) -> float:
        """P(a number like this one belongs in another field, some slip), for each power of ten."""
        place = math.log10(value)
        found = 0.0
        for share, mean, sd in self.others:
            apart = (place - mean) / sd
            found += share / (sd * _ROOT) * math.exp(-0.5 * apart * apart)
        return found


def other_fields(infusion: Infusion, parameters: Parameters) -> OtherFields:
    """By what the library lets other fields hold for this drug, else by their broad centres."""
    figures = parameters.mistakes
    rows = infusion.library.rows_of(infusion.drug, infusion.profile)
    untold = parameters.shares["wrong_field"] * (1 - figures.told_exactly)
    others: list[tuple[float, float, float]] = []
    for field, share in figures.confused_with.get(infusion.field, {}).items():
        of_field: list[LibraryRow | None] = [row for row in rows if row.field == field and row.unit != infusion.unit]
        each = untold * share / (len(of_field) or 1)
        others += [(each, *_centre(row, field, parameters.prior)) for row in of_field or [None]]
    return OtherFields(tuple(others))


def most_usual(density: Density) -> list[float]:
    """The values entered most."""
    return heapq.nlargest(USUAL_NAMED, density.usual | density.own_usual, key=density.share)


def _centre(row: LibraryRow | None, field: Field, figures: PriorWeights) -> tuple[float, float]:
    """Median and standard deviation of what a field holds, in powers of ten."""
    if row is not None:
        low, high = row.soft_low or row.hard_low, row.soft_high or row.hard_high
        if low and high and low < high:
            width = math.log10(high / low)
            return math.log10(low) + width / 2, max(width / figures.window_sds, 0.1)
        if high:
            return math.log10(high) - 1.3 * figures.one_sided_sd, figures.one_sided_sd
    centre = figures.fields[field]
    return math.log10(centre.median), centre.sd

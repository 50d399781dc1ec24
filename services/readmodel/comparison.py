"""Care areas of one hospital beside each other: shares with the interval that holds the true one with 95%."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import msgspec

from services.metrics.outcomes import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

# Judgements: below these a share says more of chance than of a unit.
LEAST_ENTRIES = 50
LEAST_DAYS = 7
LEAST_MINUTES = 50 * 60.0
_Z = 1.959964  # two-sided 95%


class Share(msgspec.Struct, frozen=True):
    """`part` of `whole`; without enough data no share and no interval is told."""

    part: float
    whole: float
    share: float | None = None
    low: float | None = None
    high: float | None = None


def of_counts(part: int, whole: int, entries: int) -> Share:
    """A share of counts with Wilson's interval; `entries` is how many the care area had in all."""
    if entries < LEAST_ENTRIES or not whole:
        return Share(part, whole)
    found = wilson(min(part, whole), whole)
    return Share(part, whole, found.share, found.low, found.high)


def of_minutes(days: Sequence[tuple[float, float]]) -> Share:
    """A share of minutes, from those of each day, with an interval from how the days differ.

    Minutes are no trials of their own: a pump that is unplugged stays so for many. So the ratio of the two sums is
    taken with its linearised standard error over days and Student's t.
    Source: Cochran 1977, Sampling Techniques, chapter 6 (ratio estimators).
    """
    used = [(part, whole) for part, whole in days if whole]
    part, whole = sum(part for part, _ in used), sum(whole for _, whole in used)
    if len(used) < LEAST_DAYS or whole < LEAST_MINUTES:
        return Share(part, whole)
    share, number = part / whole, len(used)
    residuals = sum((its_part - share * its_whole) ** 2 for its_part, its_whole in used)
    error = sqrt(residuals * number / (number - 1)) / whole
    half = student(number - 1) * error
    return Share(part, whole, share, max(share - half, 0.0), min(share + half, 1.0))


def student(freedom: int) -> float:
    """The two-sided 95% point of Student's t, to a hundredth from 5 degrees of freedom on.

    Source: Abramowitz and Stegun 1964, 26.7.5, the first three terms beyond the normal point.
    """
    first = (_Z**3 + _Z) / (4 * freedom)
    second = (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * freedom**2)
    third = (3 * _Z**7 + 19 * _Z**5 + 17 * _Z**3 - 15 * _Z) / (384 * freedom**3)
    return _Z + first + second + third

"""Where a hospital stands among others: standardised ratio, spread between hospitals, funnel limits, percentile.

After Spiegelhalter 2005 (Statistics in Medicine 24:1185 and Qual Saf Health Care 14:347): hospitals differ by more than
chance, so the spread between them is estimated from winsorised z-scores and added to the variance of chance.
Ratios are compared as logarithms; with 0.5 added to both counts, so that none is infinite.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

if TYPE_CHECKING:
    from collections.abc import Sequence

WINSORISED = 0.1
"""Share of z-scores drawn in at either end (Spiegelhalter 2005)."""
LEAST_EXPECTED = 5.0
"""Events that a hospital's exposure should give; below, the logarithm of its ratio is too skewed to be compared."""
NINETY_FIVE, NINETY_NINE_8 = 1.96, 3.09
"""The two limits of a funnel, in standard deviations: as if 1 in 20 and 1 in 500 lay outside by chance."""


class Ratio(NamedTuple):
    """Observed events as a multiple of expected ones, with its exact 95% interval."""

    value: float
    low: float
    high: float


class Spread(NamedTuple):
    """How hospitals lie around the expected rate: middle and standard deviation of their true log ratios."""

    centre: float
    between: float


class Standing(NamedTuple):
    """Share of hospitals below this one, 0..1, with its 95% interval."""

    percentile: float
    low: float
    high: float


def ratio(observed: float, expected: float, chances: float | None = None) -> Ratio:
    """The standardised ratio; `expected` is taken as known.

    Events are a Poisson count (interval of Garwood), or so many of `chances` (Clopper and Pearson).
    """
    if chances is None:
        low, high = confint_poisson(observed, expected, method="exact-c")
    else:
        low, high = np.array(proportion_confint(observed, chances, method="beta")) * chances / expected
    return Ratio(observed / expected, float(low) if observed else 0.0, float(high))


def log_ratio(observed: float, expected: float) -> float:
    """The logarithm of observed / expected, finite for no event."""
    return log((observed + 0.5) / (expected + 0.5))


def spread(
    ratios: Sequence[float], variances: Sequence[float], known: float = 0.0, winsorised: float = WINSORISED
) -> Spread:
    """The spread of true log ratios around their middle.

    `variances` are those of chance alone; `known` is variance between hospitals that is not theirs. The estimator of
    Paule and Mandel: the variance between hospitals with which the squares of their z-scores sum up to what is to be
    expected. The scores are winsorised, and what this takes from a normal distribution is given back.
    """
    values, chance = np.asarray(ratios), np.asarray(variances)
    ends = int(winsorised * len(values))
    usual = (len(values) - 1) * _kept(ends / len(values))

    def centre(between: float) -> float:
        return float(np.average(values, weights=1 / (chance + between)))

    def too_many(between: float) -> float:
        z = np.sort((values - centre(between)) / np.sqrt(chance + between))
        z = np.clip(z, z[ends], z[len(z) - 1 - ends])
        return float(z @ z) - usual

    between = brentq(too_many, 0.0, float(np.ptp(values)) ** 2) if too_many(0.0) > 0 else 0.0
    return Spread(centre(between), sqrt(max(between - known, 0.0)))


def _kept(share: float) -> float:
    """Mean square of standard normal values of which this share at either end is drawn in."""
    if share == 0:
        return 1.0
    edge = float(norm.isf(share))
    return 1 - 2 * share - 2 * edge * float(norm.pdf(edge)) + 2 * share * edge**2


def limits(expected: float, of: Spread, deviations: float, variance: float = 1.0) -> tuple[float, float]:
    """Between which ratios the hospitals with so many expected events lie, spread and chance together."""
    by = deviations * sqrt(of.between**2 + variance / expected)
    return exp(of.centre - by), exp(of.centre + by)


def standing(observed: float, expected: float, of: Spread, hospitals: int, variance: float = 1.0) -> Standing | None:
    """The percentile of a hospital among such hospitals; None where they do not differ beyond chance.

    Its own ratio is drawn towards the middle by as much as chance may have moved it. The interval also holds what is
    not known of middle and spread, estimated from so many `hospitals`.
    """
    if of.between == 0:
        return None
    chance = variance / (observed + 0.5)
    trust = of.between**2 / (of.between**2 + chance)
    z = trust * (log_ratio(observed, expected) - of.centre) / of.between
    known = trust * chance / of.between**2
    by = NINETY_FIVE * sqrt(known + 1 / hospitals + z**2 / (2 * (hospitals - 1)))
    return Standing(*(float(norm.cdf(at)) for at in (z, z - by, z + by)))

"""Shares with their intervals, and one period beside another: statsmodels does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, test_proportions_2indep
from statsmodels.stats.rates import confint_poisson_2indep, test_poisson_2indep

from services.reports.table import Interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ALPHA = 0.05
LEAST_EVENTS = 5
"""Events in both periods together from which a comparison says anything (judgement)."""
LEAST_SPANS = 6
"""Days or months from which their spread is told from chance (judgement)."""


class Count(NamedTuple):
    """Events in an exposure: entries, warnings, hours."""

    events: float
    exposure: float


class Comparison(NamedTuple):
    """`change` is a ratio of rates, or a difference of shares; `p` how probable as much is by chance."""

    change: Interval
    p: float


def wilson(events: int, chances: int) -> Interval | None:
    """A share with its 95% interval (Wilson 1927); None of nothing."""
    if not chances:
        return None
    low, high = proportion_confint(events, chances, ALPHA, method="wilson")
    return Interval(events / chances, min(float(low), events / chances), max(float(high), events / chances))


def dispersion(periods: Iterable[Sequence[Count]]) -> float:
    """How much more days vary than chance alone would make them, at least 1: Pearson's chi-squared by its freedom.

    Entries of a day share a patient, a nurse and a ward round, so they are no independent draws. Few days widen it
    further, as they say little of how much days vary.
    """
    chi2, freedom = 0.0, 0
    for spans in periods:
        known = [one for one in spans if one.exposure > 0]
        exposure = sum(one.exposure for one in known)
        rate = sum(one.events for one in known) / exposure if exposure else 0.0
        if not rate or len(known) < LEAST_SPANS:
            continue
        chi2 += sum((one.events - rate * one.exposure) ** 2 / (rate * one.exposure) for one in known)
        freedom += len(known) - 1
    if chi2 <= freedom:
        return 1.0
    # It is itself known from so many days only: what Student's distribution has for wider tails than the normal one.
    wider = float(stats.t.ppf(1 - ALPHA / 2, freedom) / stats.norm.ppf(1 - ALPHA / 2)) ** 2
    return chi2 / freedom * wider


def rate_ratio(now: Count, before: Count, spread: float = 1.0) -> Comparison | None:
    """How many times as often as before, by the score method for two Poisson rates; None without enough events.

    `spread` is the `dispersion`: counts that vary so much tell as little as counts smaller by it.
    """
    if now.events + before.events < LEAST_EVENTS or not now.exposure or not before.exposure or not before.events:
        return None
    of = (now.events / spread, now.exposure / spread, before.events / spread, before.exposure / spread)
    low, high = confint_poisson_2indep(*of, method="score", compare="ratio", alpha=ALPHA)
    p = test_poisson_2indep(*of, method="score", compare="ratio").pvalue
    value = (now.events / now.exposure) / (before.events / before.exposure)
    # Of no event the method finds no lower end; it is 0.
    return Comparison(Interval(value, float(low) if now.events else 0.0, float(high)), float(p))


def share_difference(now: Count, before: Count, spread: float = 1.0) -> Comparison | None:
    """The share now less the share before, with Newcombe's interval; None without enough chances or events."""
    if min(now.exposure, before.exposure) < LEAST_EVENTS or now.events + before.events < LEAST_EVENTS:
        return None
    of = (now.events / spread, now.exposure / spread, before.events / spread, before.exposure / spread)
    with np.errstate(all="ignore"):  # statsmodels works out an odds ratio beside it, of shares of 0 and 1 too
        low, high = confint_proportions_2indep(*of, method="newcomb", compare="diff", alpha=ALPHA)
        p = test_proportions_2indep(*of, method="agresti-caffo", compare="diff").pvalue
    value = now.events / now.exposure - before.events / before.exposure
    return Comparison(Interval(value, float(low), float(high)), float(p))


def beyond_chance(found: Sequence[Comparison | None]) -> list[bool]:
    """Which comparisons are more than noise, with 1 in 20 for all of them together (Holm 1979)."""
    known = [one for one in found if one is not None]
    if not known:
        return [False] * len(found)
    rejected = iter(multipletests([one.p for one in known], ALPHA, method="holm")[0])
    return [one is not None and bool(next(rejected)) for one in found]

"""What changed in a unit after a training, beside what changed in the others meanwhile: difference in differences.

A Poisson regression of events by unit and week, with an effect for each unit, for each week, and for the trained unit
after its training. The last one, as a ratio of rates, is the answer: 0.7 means 30% fewer than the unit
would have had, had it changed like the others. Units change by more than chance without any training; how much, the
other units' own changes tell, and the interval is as wide as that asks for.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import norm, t
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from services.reports.funnel import NINETY_FIVE, spread

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import NDArray

    from services.reports.intervals import Count

# Judgements.
LEAST_EVENTS = 10.0  # of the unit before; fewer cannot show that there are fewer
LEAST_EXPECTED = 5.0  # of the unit after, had nothing changed
LEAST_CONTROLS = 3
LEAST_WEEKS = 3  # on either side
MOST_WEEKS = 8  # on either side: habits are back, or the year has turned, after more
DRIFTING = 0.05  # chance below which the unit is said to have drifted from the others before its training already


class FollowUp(NamedTuple):
    """The change of a unit beside the others', as a ratio of rates with its 95% interval.

    `before` and `after` are the unit's own rates, `controls` the ratio by which the others changed. `by_itself` is the
    ratio to be expected if the unit was chosen for its high rate and nothing was done (regression to the mean).
    `drifting`: it moved against the others before the training, so that the comparison is not to be trusted.
    """

    before: float
    after: float
    controls: float
    change: float
    low: float
    high: float
    by_itself: float
    drifting: bool

    @property
    def verdict(self) -> str:
        """What may be said of the training, in words."""
        if self.drifting:
            return "cannot be told: the unit was moving away from the others before the training"
        if self.high < 1:
            if self.high < self.by_itself:
                return "fewer than without the training"
            return "fewer, but a unit chosen for a bad spell may get that much better by itself"
        return "more than before" if self.low > 1 else "no change that chance does not explain"


def follow_up(units: Mapping[str, Mapping[date, Count]], trained: str, on: date) -> FollowUp | None:
    """The change of the trained unit from the day `on` for one lesson; None where there is not enough data.

    From counts by day, those of eight weeks before and after. The day of the training itself counts as after it. A unit
    without any event after it is taken to have had half of one, so that the ratio is finite.
    """
    weeks = sorted({week for by_day in units.values() for day in by_day if (week := _week(day, on)) is not None})
    later = np.array([week >= 0 for week in weeks])
    if trained not in units or min(later.sum(), (~later).sum()) < LEAST_WEEKS:
        return None
    events = np.zeros((len(units), len(weeks)))
    exposure = np.zeros_like(events)
    for row, name in enumerate([trained, *sorted(units.keys() - {trained})]):
        for day, of in units[name].items():
            if (week := _week(day, on)) is not None:
                column = weeks.index(week)
                events[row, column] += of.events
                exposure[row, column] += of.exposure
    usable = _usable(events, exposure, later)
    events, exposure = events[usable], exposure[usable]
    if not usable[0] or len(events) < 1 + LEAST_CONTROLS:
        return None
    others = events[1:, later].sum(axis=0)
    if not others.any():
        return None
    if not events[0, later].any():
        events[0, later] = 0.5 * others / others.sum()
    model = _regression(events, exposure, later)
    before, after = (events[0, at].sum() / exposure[0, at].sum() for at in (~later, later))
    controls = exp(float(np.average(model.changes, weights=1 / model.variances)))
    if exposure[0, later].sum() * before * controls < LEAST_EXPECTED:
        return None
    by = t.isf(0.025, len(model.changes) - 1) if model.between else NINETY_FIVE
    error = by * sqrt(model.variance + model.between**2 * (1 + 1 / len(model.changes)))
    return FollowUp(
        float(before),
        float(after),
        controls,
        exp(model.effect),
        exp(model.effect - error),
        exp(model.effect + error),
        _by_itself(events, exposure, later, model.dispersion),
        _drifts(events, exposure, later),
    )


def _week(day: date, on: date) -> int | None:
    """Weeks since the training, -1 is the last before it; None outside of what is compared."""
    week = (day - on).days // 7
    return week if -MOST_WEEKS <= week < MOST_WEEKS else None


class _Fitted(NamedTuple):
    effect: float
    variance: float
    dispersion: float
    changes: NDArray[np.float64]
    variances: NDArray[np.float64]
    between: float


def _usable(events: NDArray[np.float64], exposure: NDArray[np.float64], later: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Units with enough events before, and anything to count in after."""
    found: NDArray[np.bool_] = (events[:, ~later].sum(axis=1) >= LEAST_EVENTS) & (exposure[:, later].sum(axis=1) > 0)
    return found


def _regression(events: NDArray[np.float64], exposure: NDArray[np.float64], later: NDArray[np.bool_]) -> _Fitted:
    units, weeks = events.shape
    unit, week = np.divmod(np.arange(units * weeks), weeks)
    # A week without any event says nothing of a ratio, and its own effect would be without end.
    counted = (exposure.ravel() > 0) & (events.sum(axis=0) > 0)[week]
    columns = [
        *(unit == each for each in range(units)),
        *(week == each for each in range(1, weeks)),
        (unit == 0) & later[week],
    ]
    effect, variance, dispersion = _last_effect(events, exposure, np.column_stack(columns).astype(float), counted)
    before, after = (
        np.array([events[1:, at].sum(axis=1) + 0.5, exposure[1:, at].sum(axis=1)]) for at in (~later, later)
    )
    changes = np.log(after[0] / after[1]) - np.log(before[0] / before[1])
    variances = dispersion * (1 / after[0] + 1 / before[0])
    between = spread(list(changes), list(variances), winsorised=0.0).between
    return _Fitted(effect, variance, dispersion, changes, variances, between)


def _last_effect(
    events: NDArray[np.float64], exposure: NDArray[np.float64], design: NDArray[np.float64], counted: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """The effect in the last column, its variance, and the dispersion (Pearson, at least 1) that is in it."""
    used = design[counted]
    used = used[:, used.any(axis=0)]
    fitted = GLM(events.ravel()[counted], used, Poisson(), offset=np.log(exposure.ravel()[counted])).fit()
    dispersion = max(float(fitted.pearson_chi2 / fitted.df_resid), 1.0)
    return float(fitted.params[-1]), float(fitted.cov_params()[-1, -1]) * dispersion, dispersion


def _by_itself(
    events: NDArray[np.float64], exposure: NDArray[np.float64], later: NDArray[np.bool_], dispersion: float
) -> float:
    """By which ratio the unit's rate is to be expected to move towards the others' if it was chosen for being high."""
    counts, hours = events[:, ~later].sum(axis=1), exposure[:, ~later].sum(axis=1)
    expected = hours * counts.sum() / hours.sum()
    ratios, chance = np.log((counts + 0.5) / (expected + 0.5)), dispersion / (expected + 0.5)
    of = spread(list(ratios), list(chance), winsorised=0.0)
    trust = of.between**2 / (of.between**2 + chance[0])
    return min(exp((trust - 1) * (ratios[0] - of.centre)), 1.0)


def _drifts(events: NDArray[np.float64], exposure: NDArray[np.float64], later: NDArray[np.bool_]) -> bool:
    """Whether the unit's rate ran away from the others' before the training, by a trend of its own."""
    before = np.flatnonzero(~later)
    counts = np.array([events[0, before], events[1:, before].sum(axis=0)])
    hours = np.array([exposure[0, before], exposure[1:, before].sum(axis=0)])
    steps = np.tile(np.linspace(-1, 1, len(before)), 2)
    mine = np.repeat([1.0, 0.0], len(before))
    design = np.column_stack([np.ones_like(steps), mine, steps, mine * steps])
    effect, variance, _ = _last_effect(counts, hours, design, hours.ravel() > 0)
    return bool(2 * norm.sf(abs(effect) / sqrt(variance)) < DRIFTING)

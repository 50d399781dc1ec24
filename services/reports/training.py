"""Which unit needs which lesson: its rate beside that of the hospital's other units, told apart from chance.

Units of the same profile (intensive care, ward, ...) are compared where there are enough of them. Three things keep
noise from becoming a lesson: days vary more than chance (dispersion), so many units and lessons are looked at that some
stand out by luck (Benjamini and Hochberg), and a small unit's rate is drawn towards the others' (a log-normal spread
between units). A rate ratio is told with its 95% interval.
"""

from __future__ import annotations

from collections import defaultdict
from math import exp
from typing import TYPE_CHECKING, Literal, NamedTuple

from statsmodels.stats.multitest import multipletests
from statsmodels.stats.rates import confint_poisson_2indep, test_poisson_2indep

from services.readmodel.rollups import total
from services.reports.funnel import log_ratio, spread
from services.reports.intervals import Count, dispersion

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
    from datetime import date

    from schemas.drugs.care_areas import Profile
    from services.readmodel.rollups import RollupSums
    from services.reports.lessons import Lessons

    BySpan = dict[date, RollupSums]
    """The sums of one unit by day, or by month of a long period."""

Verdict = Literal["needed", "as_elsewhere", "not_enough_data"]

# Judgements.
LEAST_EVENTS = 5.0  # that the unit has, or would have at the others' rate; so many must the others have, too
LEAST_OTHERS = 2  # units to compare with
FALSE_SHARE = 0.1  # of the lessons told, that may be told for nothing: the false discovery rate
WORTH_TEACHING = 1.25  # times the others' rate, after it was drawn towards them
_MONTH_DAYS = 30


class Judged(NamedTuple):
    """A unit's rate beside the others': the ratio with its 95% interval, the ratio drawn towards them, the chance."""

    here: Count
    elsewhere: Count
    times: float
    low: float
    high: float
    drawn: float
    p: float


class Need(NamedTuple):
    """The verdict on one unit and lesson; `judged` and `q` are None where there is not enough data.

    `avoidable` events and `points` of harm are those in 30 days that would not be at the others' rate.
    """

    unit: str
    lesson: str
    verdict: Verdict
    here: Count
    judged: Judged | None = None
    q: float | None = None
    avoidable: float = 0.0
    points: float = 0.0


def needs(units: Mapping[str, BySpan], profile: Callable[[str], Profile], lessons: Lessons, days: int) -> list[Need]:
    """The verdict on every unit and lesson of one hospital in a period of so many days, most avoidable harm first."""
    whole = total(sums for by_span in units.values() for sums in by_span.values())
    found = []
    for name, lesson in lessons.lessons.items():
        counted = {unit: [lesson.count(sums) for sums in by_span.values()] for unit, by_span in units.items()}
        points = lessons.points(lesson, whole) * _MONTH_DAYS / days
        found += [(name, points, *one) for one in judge(counted, profile)]
    chances = [judged.p for *_, judged in found if judged is not None]
    adjusted = iter(multipletests(chances, FALSE_SHARE, method="fdr_bh")[1] if chances else ())
    told = []
    for name, points, unit, here, judged in found:
        if judged is None:
            told.append(Need(unit, name, "not_enough_data", here))
            continue
        q = float(next(adjusted))
        needed = q <= FALSE_SHARE and judged.drawn >= WORTH_TEACHING
        avoidable = here.events * (1 - 1 / judged.drawn) if needed else 0.0
        told.append(
            Need(
                unit,
                name,
                "needed" if needed else "as_elsewhere",
                here,
                judged,
                q,
                avoidable * _MONTH_DAYS / days,
                avoidable * points,
            )
        )
    return sorted(told, key=lambda need: (-need.points, -need.avoidable, need.unit, need.lesson))


def judge(
    units: Mapping[str, Sequence[Count]], profile: Callable[[str], Hashable]
) -> list[tuple[str, Count, Judged | None]]:
    """Each unit beside its others for one lesson; None where there is not enough to say."""
    sums = {unit: _sum(counted) for unit, counted in units.items()}
    by = dispersion(units.values())
    judged: dict[str, tuple[Count, Count]] = {}
    for unit, here in sums.items():
        elsewhere = _elsewhere(unit, sums, profile)
        if elsewhere is not None and max(here.events, here.exposure * _rate(elsewhere)) >= LEAST_EVENTS * by:
            judged[unit] = here, elsewhere
    drawn = dict(zip(judged, _drawn(list(judged.values()), by), strict=True))
    return [
        (unit, here, _judged(*judged[unit], by, drawn[unit]) if unit in judged else None) for unit, here in sums.items()
    ]


def _elsewhere(unit: str, sums: Mapping[str, Count], profile: Callable[[str], Hashable]) -> Count | None:
    """The other units of its profile together, or all others where those are too few."""
    others = {name: one for name, one in sums.items() if name != unit and one.exposure > 0}
    alike = [one for name, one in others.items() if profile(name) == profile(unit)]
    for group in (alike, list(others.values())):
        together = _sum(group)
        if len(group) >= LEAST_OTHERS and together.events >= LEAST_EVENTS:
            return together
    return None


def _judged(here: Count, elsewhere: Count, by: float, drawn: float) -> Judged:
    # Events and exposure divided by the dispersion have the same rate, and the variance that was seen.
    pair = (here.events / by, here.exposure / by, elsewhere.events / by, elsewhere.exposure / by)
    low, high = confint_poisson_2indep(*pair, method="mover")
    chance = test_poisson_2indep(*pair, method="score", alternative="larger").pvalue
    times = _rate(here) / _rate(elsewhere)
    return Judged(here, elsewhere, times, float(low), float(high), drawn, float(chance))


def _drawn(pairs: Sequence[tuple[Count, Count]], by: float) -> list[float]:
    """Each unit's rate ratio, drawn towards the middle of all by as much as chance may have moved it."""
    if not pairs:
        return []
    expected = [here.exposure * _rate(elsewhere) for here, elsewhere in pairs]
    ratios = [log_ratio(here.events, of) for (here, _), of in zip(pairs, expected, strict=True)]
    chance = [by / (of + 0.5) for of in expected]
    # No winsorising: the one unit that stands out is what is looked for.
    between = spread(ratios, chance, winsorised=0.0)
    trusts = [between.between**2 / (between.between**2 + one) for one in chance]
    return [exp(between.centre + trust * (one - between.centre)) for trust, one in zip(trusts, ratios, strict=True)]


def _sum(of: Iterable[Count]) -> Count:
    events, exposure = 0.0, 0.0
    for one in of:
        events += one.events
        exposure += one.exposure
    return Count(events, exposure)


def _rate(of: Count) -> float:
    return of.events / of.exposure if of.exposure else 0.0


def by_unit(cells: Iterable[tuple[str, date, RollupSums]]) -> dict[str, BySpan]:
    """Sums by care area and day (or month), from such cells in any order."""
    found: defaultdict[str, BySpan] = defaultdict(dict)
    for unit, span, sums in cells:
        known = found[unit].get(span)
        found[unit][span] = sums if known is None else total((known, sums))
    return dict(found)

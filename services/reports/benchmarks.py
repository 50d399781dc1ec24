"""The benchmarks of one calendar month: made once for all, by group of hospitals, and all that a hospital is ever told.

A hospital's report reads them and its own sums, never the sums of others. What follows from them (funnel, percentile)
therefore tells nothing of others that the benchmarks do not.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from msgspec import Struct

from schemas.drugs.care_areas import PROFILES, Profile
from services.reports.disclosure import (
    BLUR_VARIANCE,
    LEAST_HOSPITALS,
    Contribution,
    blurred,
    pooled,
)
from services.reports.funnel import LEAST_EXPECTED, Spread, log_ratio, spread
from services.reports.measures import MEASURES
from services.reports.peers import Month  # noqa: TC001 (msgspec reads annotations at runtime)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from services.readmodel.rollups import RollupSums
    from services.reports.measures import Measure
    from services.reports.peers import Peers

    Factor = Callable[[str, str], float]
    ByProfile = Mapping[Profile, RollupSums]
    """The sums of one hospital and month, by the profile of their care areas."""

_SPREAD_STEP = 0.05


class Benchmark(Struct, frozen=True, forbid_unknown_fields=True):
    """One measure in one group: events in one unit of exposure by profile of care area, and how hospitals differ.

    `centre` and `between` are the middle and the standard deviation of hospitals' true log ratios to what these rates
    would give them; None where too few have enough events. `hospitals` is the lower end of a band.
    """

    rates: dict[Profile, float]
    hospitals: int
    centre: float | None = None
    between: float | None = None

    @property
    def spread(self) -> Spread | None:
        """How hospitals differ, if it is known."""
        return None if self.centre is None or self.between is None else Spread(self.centre, self.between)

    @property
    def seen(self) -> Spread | None:
        """The same with their blur, which keeps a funnel from being too narrow where the spread is underestimated."""
        spread = self.spread
        return None if spread is None else Spread(spread.centre, sqrt(spread.between**2 + BLUR_VARIANCE))


class Release(Struct, frozen=True, forbid_unknown_fields=True):
    """All that is published of a month: by group of hospitals and measure. It names no hospital."""

    month: Month
    groups: dict[str, dict[str, Benchmark]]


def release(peers: Peers, month: str, sums: Mapping[str, ByProfile], factor: Factor) -> Release:
    """The benchmarks of a month from the sums of the hospitals that take part; others' sums are not looked at."""
    groups = {}
    for name, members in peers.groups(month).items():
        taking_part = {hospital: sums[hospital] for hospital in members if hospital in sums}
        found = {measure.name: _benchmark(measure, taking_part, factor) for measure in MEASURES}
        groups[name] = {measure: one for measure, one in found.items() if one is not None}
    return Release(month, {name: found for name, found in groups.items() if found})


def _benchmark(measure: Measure, sums: Mapping[str, ByProfile], factor: Factor) -> Benchmark | None:
    rates, hospitals, by_profile = {}, [], {}
    for profile in PROFILES:
        contributions = blurred(_contributions(measure, profile, sums), measure.name, factor)
        figure = pooled(contributions, proportion=measure.proportion)
        if figure is not None:
            rates[profile] = figure.rate
            hospitals.append(figure.hospitals)
            by_profile[profile] = contributions
    if not rates:
        return None
    between = _between(measure, rates, by_profile)
    if between is None:
        return Benchmark(rates, min(hospitals))
    return Benchmark(rates, min(hospitals), _stepped(between.centre), _stepped(between.between))


def _contributions(measure: Measure, profile: Profile, sums: Mapping[str, ByProfile]) -> Iterable[Contribution]:
    for hospital, by_profile in sums.items():
        if (of := by_profile.get(profile)) is not None and (exposure := measure.exposure(of)) > 0:
            yield Contribution(hospital, measure.events(of), exposure)


def _between(
    measure: Measure, rates: Mapping[Profile, float], by_profile: Mapping[Profile, Sequence[Contribution]]
) -> Spread | None:
    """The spread between hospitals, from those of which enough events are to be expected."""
    observed: dict[str, float] = {}
    expected: dict[str, float] = {}
    for profile, contributions in by_profile.items():
        for one in contributions:
            observed[one.hospital] = observed.get(one.hospital, 0.0) + one.events
            expected[one.hospital] = expected.get(one.hospital, 0.0) + one.exposure * rates[profile]
    enough = [hospital for hospital in observed if expected[hospital] >= LEAST_EXPECTED and observed[hospital] > 0]
    if len(enough) < LEAST_HOSPITALS:
        return None
    share = measure.variance(max(rates.values()))
    return spread(
        [log_ratio(observed[hospital], expected[hospital]) for hospital in enough],
        [share / expected[hospital] for hospital in enough],
        known=BLUR_VARIANCE,
    )


def _stepped(of: float) -> float:
    return round(round(of / _SPREAD_STEP) * _SPREAD_STEP, 2)

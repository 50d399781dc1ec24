"""One hospital beside its group: its own sums and the month's benchmarks, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.reports import funnel
from services.reports.measures import MEASURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.reports.benchmarks import Benchmark, ByProfile
    from services.reports.funnel import Ratio, Spread, Standing
    from services.reports.measures import Measure


class Compared(NamedTuple):
    """A measure of a hospital beside its group.

    `observed` and `expected` are events in the care areas that are compared, `variance` that of one event by chance;
    `limits` are those of the funnel at the hospital's own size, 95% and 99.8%. None is what cannot be told.
    """

    measure: Measure
    observed: float
    expected: float
    exposure: float
    variance: float
    ratio: Ratio
    seen: Spread | None
    limits: tuple[tuple[float, float], tuple[float, float]] | None
    standing: Standing | None
    hospitals: int

    @property
    def rate(self) -> float:
        """The hospital's own rate, for `measure.per` of exposure."""
        return self.measure.per * self.observed / self.exposure

    @property
    def peers_rate(self) -> float:
        """The rate that its peers would have with its care areas."""
        return self.measure.per * self.expected / self.exposure

    @property
    def verdict(self) -> str:
        """Where it lies in the funnel, in words."""
        if self.limits is None:
            return "too few events to say what is usual"
        (low, high), (far_low, far_high) = self.limits
        if self.ratio.value > high:
            return "far more than usual" if self.ratio.value > far_high else "more than usual"
        if self.ratio.value < low:
            return "far fewer than usual" if self.ratio.value < far_low else "fewer than usual"
        return "as usual"


def compared(sums: ByProfile, benchmarks: dict[str, Benchmark]) -> Iterator[Compared]:
    """Each measure that is published for the hospital's group, and of which it has enough exposure itself."""
    for measure in MEASURES:
        benchmark = benchmarks.get(measure.name)
        if benchmark is None:
            continue
        areas = [(sums[profile], rate) for profile, rate in benchmark.rates.items() if profile in sums]
        expected = sum(measure.exposure(of) * rate for of, rate in areas)
        if expected < funnel.LEAST_EXPECTED:
            continue
        observed = sum(measure.events(of) for of, _ in areas)
        exposure = sum(measure.exposure(of) for of, _ in areas)
        variance = measure.variance(expected / exposure)
        limits, standing = None, None
        if benchmark.spread is not None and benchmark.seen is not None:
            near, far = (
                funnel.limits(expected, benchmark.seen, deviations, variance)
                for deviations in (funnel.NINETY_FIVE, funnel.NINETY_NINE_8)
            )
            limits = near, far
            standing = funnel.standing(observed, expected, benchmark.spread, benchmark.hospitals, variance)
        ratio = funnel.ratio(observed, expected, exposure if measure.proportion else None)
        yield Compared(
            measure,
            observed,
            expected,
            exposure,
            variance,
            ratio,
            benchmark.seen,
            limits,
            standing,
            benchmark.hospitals,
        )

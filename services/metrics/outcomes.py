"""What became of flagged entries, as figures of a hospital and of the drugs that are flagged most in it."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple, get_args

from schemas.events import Harm
from services.readmodel.rollups import total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from services.readmodel.rollups import RollupSums

MOST_DRUGS = 10
"""Drugs of a hospital that have their own series (judgement); the others are summed under `OTHER_DRUGS`."""
OTHER_DRUGS = "other"
_Z = 1.959964  # two-sided 95%


class Interval(NamedTuple):
    """A share with its 95% interval."""

    low: float
    share: float
    high: float


def precision(sums: RollupSums) -> Interval | None:
    """Confirmed catches among the decided flagged entries with Wilson's interval; None while none is decided."""
    return wilson(sums.caught, sums.decided) if sums.decided else None


def wilson(successes: int, trials: int) -> Interval:
    """Wilson's score interval of a share, which holds for few trials and for shares near 0 and 1 too.

    Source: Wilson 1927, Probable inference, the law of succession, and statistical inference.
    """
    share = successes / trials
    weight = _Z**2 / trials
    centre = (share + weight / 2) / (1 + weight)
    half = _Z / (1 + weight) * sqrt(share * (1 - share) / trials + weight / (4 * trials))
    # Rounding may push the exact ends 0 and 1 a hair out.
    return Interval(min(max(centre - half, 0.0), share), share, max(min(centre + half, 1.0), share))


def top_drugs(drugs: Mapping[str, RollupSums]) -> list[str]:
    """The drugs with the most flagged entries, at most `MOST_DRUGS`; ties by name, so that series stay."""
    return sorted(drugs, key=lambda drug: (-drugs[drug].flagged, drug))[:MOST_DRUGS]


def by_drug(drugs: Mapping[str, RollupSums], top: list[str]) -> dict[str, RollupSums]:
    """The sums of each top drug, and of all others together."""
    kept = {drug: drugs[drug] for drug in top if drug in drugs}
    others = [sums for drug, sums in drugs.items() if drug not in kept]
    if others:
        # A pump may call a drug so, too.
        others += [kept.pop(OTHER_DRUGS)] if OTHER_DRUGS in kept else []
        kept[OTHER_DRUGS] = total(others)
    return kept


def figures(sums: RollupSums) -> Iterator[tuple[str, tuple[str, ...], float]]:
    """Ending of the metric's name, its further labels, value: what is told of a hospital and of each drug alike."""
    yield "caught_entries", (), sums.caught
    yield "stood_entries", (), sums.stood
    yield "corrected_entries", (), sums.corrected
    yield "undecided_entries", (), sums.undecided
    found = precision(sums)
    if found is not None:
        yield "precision_ratio", (), found.share
        yield "precision_low_ratio", (), found.low
        yield "precision_high_ratio", (), found.high
    for grade in get_args(Harm):
        yield "avoided_harm_entries", (grade,), sums.avoided_harm.get(grade, 0)

"""The figures of an evaluation. Scores are higher where an entry is likelier to be wrong.

`right` are the scores of right entries, `wrong` those of slips, as one-dimensional arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

TRUE_RATE = 0.007
"""Programming errors in 0.7% of entries (Husch 2005)."""
BINS = 10


def threshold(right: Scores, budget: float) -> float:
    """The score above which at most this share of the right entries lies."""
    allowed = int(budget * len(right) + 1e-9)
    if allowed >= len(right):
        return -np.inf
    return float(np.sort(right)[::-1][allowed])


def sensitivity(right: Scores, wrong: Scores, budget: float) -> float:
    """Share of slips found where this share of right entries is flagged at most."""
    return float(np.mean(wrong > threshold(right, budget))) if len(wrong) else float("nan")


def average_precision(right: Scores, wrong: Scores, rate: float = TRUE_RATE) -> float:
    """Sum over the scores of precision x gain in recall, as if this share of all entries were slips."""
    precision, recall = precision_recall(right, wrong, rate)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def precision_recall(right: Scores, wrong: Scores, rate: float = TRUE_RATE) -> tuple[Scores, Scores]:
    """Precision and recall at each score that occurs, from the highest down."""
    steps = np.unique(np.concatenate((right, wrong)))[::-1]
    found = _at_least(wrong, steps)
    alarms = _at_least(right, steps)
    return rate * found / (rate * found + (1 - rate) * alarms), found


def _at_least(scores: Scores, steps: Scores) -> Scores:
    """Share of the scores at or above each step."""
    return 1 - np.searchsorted(np.sort(scores), steps, side="left") / len(scores)


class Calibration(NamedTuple):
    """Per bin of the likelihood: its share of all entries, its mean likelihood, its share of slips."""

    share: Scores
    said: Scores
    true: Scores

    @property
    def error(self) -> float:
        """Expected calibration error: the mean distance of said from true, by share of entries."""
        return float(np.sum(self.share * np.abs(self.said - self.true)))


def calibration(right: Scores, wrong: Scores, rate: float = TRUE_RATE, edges: Scores | None = None) -> Calibration:
    """In ten bins of equal width, or between `edges`, as if this share of all entries were slips."""
    edges = np.linspace(0, 1, BINS + 1) if edges is None else edges
    said = np.concatenate((right, wrong))
    weight = np.concatenate((np.full(len(right), (1 - rate) / len(right)), np.full(len(wrong), rate / len(wrong))))
    slip = np.concatenate((np.zeros(len(right)), np.ones(len(wrong))))
    bins = np.clip(np.searchsorted(edges, said, side="right") - 1, 0, len(edges) - 2)
    size = len(edges) - 1
    share, of_said, of_slips = (
        np.bincount(bins, each, size).astype(np.float64) for each in (weight, weight * said, weight * slip)
    )
    filled = np.where(share > 0, share, 1.0)
    return Calibration(share, of_said / filled, of_slips / filled)

"""Trials with what a model said of each, as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from services.evaluate import metrics
from services.evaluate.intents import MIMIC

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from services.evaluate.trial import Truth


class Said(NamedTuple):
    """What a model says of an entry: a score to flag it by, and, if it can, more.

    `likelihood` is its probability that the entry is wrong, `named` the value it takes for meant.
    """

    score: float
    likelihood: float | None = None
    named: float | None = None


class Judged:
    """What one model says of many trials, as columns.

    `likelihood` is the score itself where the model has no other; `named` is whether the value it named was meant.
    """

    def __init__(self, trials: Sequence[Truth], said: Sequence[Said]) -> None:
        self.trials = trials
        self.said = said
        self.score = np.array([one.score for one in said], dtype=np.float64)
        self.likelihood = np.array(
            [one.score if one.likelihood is None else one.likelihood for one in said], dtype=np.float64
        )
        self.named = np.array(
            [one.named == trial.meant for one, trial in zip(said, trials, strict=True)], dtype=np.bool_
        )
        self.slip = np.array([trial.slip is not None for trial in trials], dtype=np.bool_)
        self.factor = np.array([trial.factor for trial in trials], dtype=np.float64)

    def where(self, wanted: Callable[[Truth], bool]) -> Judged:
        """The same of some of the trials."""
        kept = [(one, said) for one, said in zip(self.trials, self.said, strict=True) if wanted(one)]
        return Judged([one for one, _ in kept], [said for _, said in kept])

    def parts(self, name_of: Callable[[Truth], str]) -> dict[str, Judged]:
        """The same by a property of the trials."""
        places: dict[str, tuple[list[Truth], list[Said]]] = {}
        for trial, said in zip(self.trials, self.said, strict=True):
            trials, some = places.setdefault(name_of(trial), ([], []))
            trials.append(trial)
            some.append(said)
        return {name: Judged(*both) for name, both in places.items()}

    def right(self) -> NDArray[np.float64]:
        """The scores of right entries."""
        return self.score[~self.slip]

    def wrong(self, least: float = 1.0) -> NDArray[np.float64]:
        """The scores of slips that change the value by this factor or more."""
        return self.score[self.slip & (self.factor >= least - 1e-9)]

    def sensitivity(self, budget: float, least: float = 1.0) -> float:
        """Share of these slips found at a budget of false alarms."""
        return metrics.sensitivity(self.right(), self.wrong(least), budget)

    def average_precision(self, rate: float = metrics.TRUE_RATE) -> float:
        """Of all slips, as if this share of all entries were slips."""
        return metrics.average_precision(self.right(), self.wrong(), rate)

    def recovery(self, above: float) -> float | None:
        """Of the slips that score above this, the share whose meant value is the first one named."""
        found = self.slip & (self.score > above)
        return float(np.mean(self.named[found])) if found.any() else None

    def calibration(
        self, rate: float = metrics.TRUE_RATE, edges: NDArray[np.float64] | None = None
    ) -> metrics.Calibration:
        """Of the likelihood, as if this share of all entries were slips."""
        return metrics.calibration(self.likelihood[~self.slip], self.likelihood[self.slip], rate, edges)


def headline(judged: Judged) -> str:
    """The figures in short, for all hospitals, for those of eICU and for MIMIC-III."""
    parts = {
        "all": judged,
        "eicu": judged.where(lambda one: one.intent.entered.hospital != MIMIC),
        "mimic3": judged.where(lambda one: one.intent.entered.hospital == MIMIC),
    }
    lines = ["         right  slips | 1/200: >=2x   >=5x    all | 1/1000: >=2x   >=5x |    AP   top1    ECE"]
    for name, of in parts.items():
        two, five, every = (f"{of.sensitivity(1 / 200, least):6.1%}" for least in (2, 5, 1))
        rare = " ".join(f"{of.sensitivity(1 / 1000, least):6.1%}" for least in (2, 5))
        named = of.recovery(metrics.threshold(of.right(), 1 / 200)) or 0.0
        lines.append(
            f"{name:7} {len(of.right()):6} {len(of.wrong()):6} |      {two} {five} {every} |       {rare} | "
            f"{of.average_precision():.3f} {named:6.1%} {of.calibration().error:.4f}"
        )
    return "\n".join(lines)

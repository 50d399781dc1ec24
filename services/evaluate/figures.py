"""The figures reported of a model, for all entries or a part of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from services.evaluate import metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.evaluate.judged import Judged
    from services.evaluate.trial import Truth

BUDGETS = {"1_in_200": 1 / 200, "1_in_1000": 1 / 1000}
"""False alarms per right entry that a ward may accept."""
LEAST = {"all": 1.0, "2x": 2.0, "5x": 5.0}
"""Slips by how much they change the value at least."""


class AtBudget(Struct, frozen=True):
    """At a threshold set for a budget: the right entries flagged of this part, and its slips found, as shares."""

    false_alarms: float
    found: dict[str, float | None]


class Figures(Struct, frozen=True):
    """One model's figures. `slips` counts those that change the value by so much at least; None: nothing to divide by.

    `recovery` is of the slips found at 1 false alarm in 200. Precision and calibration are at a rate of slips of 0.7%.
    """

    right: int
    slips: dict[str, int]
    at: dict[str, AtBudget]
    average_precision: float | None
    recovery: float | None
    calibration_error: float | None


def thresholds(judged: Judged) -> dict[str, float]:
    """For each budget the score above which an entry is flagged."""
    right = judged.right()
    return {name: metrics.threshold(right, budget) for name, budget in BUDGETS.items()}


def figures(judged: Judged, above: dict[str, float] | None = None, *, likelihood: bool = True) -> Figures:
    """The figures of these entries at thresholds `above`, those that keep the budgets here unless others are given.

    `likelihood`: the scores are probabilities, and may be calibrated; others name no value either.
    """
    above = above or thresholds(judged)
    right = judged.right()
    wrong = {name: judged.wrong(least) for name, least in LEAST.items()}
    both = bool(len(right) and len(wrong["all"]))
    return Figures(
        right=len(right),
        slips={name: len(some) for name, some in wrong.items()},
        at={
            name: AtBudget(
                float(np.mean(right > score)) if len(right) else 0.0,
                {least: _share(some > score) for least, some in wrong.items()},
            )
            for name, score in above.items()
        },
        average_precision=judged.average_precision() if both else None,
        recovery=judged.recovery(above["1_in_200"]) if likelihood else None,
        calibration_error=judged.calibration().error if both and likelihood else None,
    )


def by(judged: Judged, name_of: Callable[[Truth], str], *, fewest: int) -> dict[str, Figures]:
    """The figures by a property of the entries, at the thresholds of all of them; small parts together as `others`.

    Most slips first.
    """
    slips: dict[str, int] = {}
    for trial in judged.trials:
        name = name_of(trial)
        slips[name] = slips.get(name, 0) + (trial.slip is not None)
    large = {name for name, count in slips.items() if count >= fewest}
    above = thresholds(judged)

    def part_of(trial: Truth) -> str:
        name = name_of(trial)
        return name if name in large else "others"

    parts = judged.parts(part_of)
    order = sorted(parts, key=lambda name: (name == "others", -slips.get(name, 0), name))
    return {name: figures(parts[name], above) for name in order}


def by_slip(judged: Judged) -> dict[str, Figures]:
    """The figures by kind of slip, each beside all right entries."""
    above = thresholds(judged)
    kinds = sorted({trial.slip for trial in judged.trials if trial.slip is not None})
    found = {kind: figures(judged.where(lambda one, kind=kind: one.slip in (None, kind)), above) for kind in kinds}  # type: ignore[misc]
    return dict(sorted(found.items(), key=lambda item: -item[1].slips["all"]))


def _share(hits: np.ndarray) -> float | None:
    return float(np.mean(hits)) if len(hits) else None

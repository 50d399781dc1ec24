"""A one-class support vector machine, as Nagata et al. 2021 used it for doses: learns right entries, no slips.

Theirs had age, weight and dose, a machine for each drug. A log of infusions has no age; these have the logarithms of
the value, of its ratio to the value before (0 at a start) and of the weight (70 kg where it is not known). A drug and
unit with few entries share a machine with the others of the unit.
"""

from __future__ import annotations

from collections import defaultdict
from math import log10
from typing import TYPE_CHECKING

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from services.evaluate.judged import Said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.evaluate.intents import Intent
    from services.evaluate.trial import Trial

FEWEST = 20
OUTLIERS = 0.01
"""Share of right entries that may lie outside (nu); Nagata et al. do not say theirs. Judgement."""
USUAL_KG = 70.0


def fitted(training: Sequence[Intent]) -> Callable[[Sequence[Trial]], list[Said]]:
    """Machines fitted to what was entered; entries of a unit never seen score nothing."""
    rows: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    for one in training:
        features = _features(one.entered.value, one.entered.previous, one)
        rows[one.entered.drug, one.entered.unit].append(features)
        rows["", one.entered.unit].append(features)
    machines = {
        of: make_pipeline(StandardScaler(), OneClassSVM(nu=OUTLIERS, gamma="scale")).fit(np.array(some))
        for of, some in rows.items()
        if len(some) >= FEWEST
    }

    def judge(trials: Sequence[Trial]) -> list[Said]:
        said = [Said(-np.inf)] * len(trials)
        places: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, trial in enumerate(trials):
            drug, unit = trial.truth.intent.entered.drug, trial.truth.intent.entered.unit
            places[(drug, unit) if (drug, unit) in machines else ("", unit)].append(place)
        for of, some in places.items():
            if of not in machines:
                continue
            found = np.array(
                [
                    _features(one.truth.value, one.event.previous, one.truth.intent)
                    for one in map(trials.__getitem__, some)
                ]
            )
            # By its offset, or machines of many support vectors would speak louder.
            outside = -machines[of].decision_function(found) / machines[of][-1].offset_[0]
            for place, score in zip(some, outside, strict=True):
                said[place] = Said(float(score))
        return said

    return judge


def _features(value: float, previous: float | None, intent: Intent) -> list[float]:
    weight = next((one.value for one in intent.beside if one.field == "weight"), USUAL_KG)
    return [log10(value or 1e-4), log10(value / previous) if value and previous else 0.0, log10(weight)]

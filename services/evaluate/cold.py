"""Cold: every hospital is scored as one never seen, each entry by itself."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from schemas.library import Library, load_default
from services.evaluate import folds, trials
from services.evaluate.intents import Intents, read
from services.evaluate.judged import Judged, Said
from services.public_logs import data_folder
from services.pumps import behaviour
from streams.intent import parameters as shipped
from streams.intent.score import DoseScorer

if TYPE_CHECKING:
    from services.evaluate.trials import Trial
    from streams.intent.parameters import Parameters
    from streams.intent.priors import Priors

SEED = 20261123
PASSES = 5
QUICK = 10
"""A quick run takes every tenth entry, once."""


def run(parameters: Parameters | None = None, seed: int = SEED, *, quick: bool = False) -> Judged:
    """Score all hospitals cold with these parameters (the shipped ones if not said)."""
    intents = _intents()
    made = _trials(seed, quick)
    said = [Said(0.0, None)] * len(made)
    for fold in folds.folds(intents, seed):
        scorer = scorer_for(parameters or shipped.load(), fold.priors)
        for place, trial in enumerate(made):
            if trial.intent.entered.hospital in fold.hospitals:
                said[place] = judge(scorer, trial)
    return Judged(made, said)


def scorer_for(parameters: Parameters, priors: Priors) -> DoseScorer:
    """The model with the shipped library at every hospital."""
    library = Library(load_default())
    return DoseScorer(parameters, lambda _hospital: library, priors)


def judge(scorer: DoseScorer, trial: Trial) -> Said:
    """What the model says of an entry by itself."""
    score = scorer.score(trial.entry)
    return Said(score.error_likelihood, score.meant[0].value if score.meant else None)


@lru_cache(1)
def _intents() -> Intents:
    return read(data_folder())


@lru_cache(2)
def _trials(seed: int, quick: bool) -> list[Trial]:  # noqa: FBT001 - a key of the cache
    intents = _intents().of_logs
    if quick:
        return list(trials.make(intents[::QUICK], behaviour.load(), seed, PASSES))
    return list(trials.make(intents, behaviour.load(), seed, PASSES))

"""All models on the same entries, each made anew for the fold that leaves a hospital out."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from services.evaluate import folds
from services.evaluate.intents import Intent, Intents, read
from services.evaluate.judged import Judged
from services.evaluate.models import bayes
from services.evaluate.stream import COLD, Habits, Stream, streams
from services.public_logs import data_folder
from services.pumps import behaviour
from services.pumps.dice import mix, text_seed
from streams.intent import parameters as shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from services.evaluate.folds import Fold
    from services.evaluate.judged import Said
    from services.evaluate.models import Model
    from services.evaluate.trial import Trial
    from services.pumps.behaviour import Behaviour
    from streams.intent.parameters import Parameters

SEED = 20261123
PASSES = 5
"""So often all streams are made, on keypads and with slips drawn anew."""


def compare(models: Mapping[str, Model], of_fold: Iterable[Fold], made: Sequence[Stream]) -> dict[str, Judged]:
    """What each model says of the counted entries of all streams."""
    trials: list[Trial] = []
    said: dict[str, list[Said]] = {name: [] for name in models}
    for fold in of_fold:
        judges = {name: model(fold) for name, model in models.items()}
        for stream in made:
            if stream.hospital not in fold.hospitals:
                continue
            counted = [trial.counted for trial in stream.trials]
            trials += [trial for trial in stream.trials if trial.counted]
            for name, judge in judges.items():
                found = judge(stream.trials)
                said[name] += [one for one, counts in zip(found, counted, strict=True) if counts]
    return {name: Judged(trials, some) for name, some in said.items()}


def make(
    intents: Sequence[Intent], figures: Behaviour, habits: Habits, seed: int, *, passes: int = PASSES, quick: bool
) -> list[Stream]:
    """The streams of all hospitals, made `passes` times; of a quick run once, of every second stay."""
    if quick:
        passes = 1
        intents = [one for one in intents if text_seed(one.entered.stay) % 2]
    return [one for turn in range(passes) for one in streams(intents, figures, habits, mix(seed, turn))]


def run(
    parameters: Parameters | None = None, seed: int = SEED, *, quick: bool = False, habits: Habits = COLD
) -> Judged:
    """Our model alone with these parameters (the shipped ones if not said), for trying them out."""
    ours = bayes(parameters or shipped.load(), learning=bool(habits.slips))
    known, made = _made(data_folder(), seed, quick, habits)
    return compare({"ours": ours}, folds.folds(known, seed), made)["ours"]


@lru_cache(2)
def _made(folder: Path, seed: int, quick: bool, habits: Habits) -> tuple[Intents, list[Stream]]:  # noqa: FBT001
    known = read(folder)
    return known, make(known.of_logs, behaviour.load(), habits, seed, quick=quick)

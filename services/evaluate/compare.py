"""All models on the same entries, each made anew for the fold that leaves a hospital out."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from services.evaluate import folds
from services.evaluate.intents import read
from services.evaluate.judged import Judged
from services.evaluate.models import bayes
from services.evaluate.stream import COLD, streams
from services.public_logs import data_folder
from services.pumps import behaviour
from services.pumps.dice import mix, text_seed
from streams.intent import parameters as shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from services.evaluate.folds import Fold
    from services.evaluate.intents import Intent, Intents
    from services.evaluate.judged import Said
    from services.evaluate.models import Model
    from services.evaluate.stream import Habits, Stream
    from services.evaluate.trial import Truth
    from services.pumps.behaviour import Behaviour
    from streams.intent.parameters import Parameters

SEED = 20261123
PASSES = 5
"""So often all streams are made, on keypads and with slips drawn anew."""


class Streams:
    """The streams of all hospitals, made `passes` times when they are asked for; of a quick run half the stays once."""

    def __init__(
        self,
        intents: Iterable[Intent],
        figures: Behaviour,
        habits: Habits,
        seed: int,
        *,
        passes: int = PASSES,
        quick: bool = False,
    ) -> None:
        self._passes = 1 if quick else passes
        self._figures, self._habits, self._seed = figures, habits, seed
        self._by_hospital: dict[str, list[Intent]] = defaultdict(list)
        for one in intents:
            if not quick or text_seed(one.entered.stay) % 2:
                self._by_hospital[one.entered.hospital].append(one)

    def of(self, hospitals: Iterable[str]) -> Iterator[Stream]:
        """Those of some hospitals; the same whichever others are asked for."""
        for hospital in sorted(hospitals):
            for turn in range(self._passes):
                seed = mix(self._seed, turn)
                yield from streams(self._by_hospital.get(hospital, []), self._figures, self._habits, seed)


def compare(models: Mapping[str, Model], of_fold: Iterable[Fold], made: Streams) -> dict[str, Judged]:
    """What each model says of the counted entries of all streams."""
    truths: list[Truth] = []
    said: dict[str, list[Said]] = {name: [] for name in models}
    for fold in of_fold:
        judges = {name: model(fold) for name, model in models.items()}
        for stream in made.of(fold.hospitals):
            counted = [trial.counted for trial in stream.trials]
            truths += [trial.truth for trial in stream.trials if trial.counted]
            for name, judge in judges.items():
                found = judge(stream.trials)
                said[name] += [one for one, counts in zip(found, counted, strict=True) if counts]
    return {name: Judged(truths, some) for name, some in said.items()}


def run(
    parameters: Parameters | None = None, seed: int = SEED, *, quick: bool = False, habits: Habits = COLD
) -> Judged:
    """Our model alone with these parameters (the shipped ones if not said), for trying them out."""
    ours = bayes(parameters or shipped.load(), learning=bool(habits.slips))
    known = _known(data_folder())
    made = Streams(known.of_logs, behaviour.load(), habits, seed, quick=quick)
    return compare({"ours": ours}, folds.folds(known, seed), made)["ours"]


@lru_cache(1)
def _known(folder: Path) -> Intents:
    return read(folder)

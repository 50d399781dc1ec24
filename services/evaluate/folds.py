"""Hospitals left out: who is tested with which priors.

The hospitals of eICU are dealt into folds; each fold is tested with priors fitted on MIMIC-III and the other
folds. MIMIC-III is tested with priors from eICU alone.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from services.evaluate.intents import MIMIC
from streams.intent.fit import fit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.evaluate.intents import Intents
    from streams.intent.priors import Priors

FOLDS = 5


class Fold(NamedTuple):
    """The hospitals tested, and priors that know nothing of them."""

    hospitals: frozenset[str]
    priors: Priors


def folds(intents: Intents, seed: int) -> Iterator[Fold]:
    """Each hospital in exactly one fold. Repeatable for a seed."""
    eicu = sorted({one.entered.hospital for one in intents.of_logs} - {MIMIC})
    Random(seed).shuffle(eicu)
    for number in range(FOLDS):
        tested = frozenset(eicu[number::FOLDS])
        training = [one.entered for one in intents.of_logs if one.entered.hospital not in tested]
        yield Fold(tested, fit(training, (), f"fold-{number + 1}"))
    training = [one.entered for one in intents.of_logs if one.entered.hospital != MIMIC]
    yield Fold(frozenset({MIMIC}), fit([*training, *intents.eicu_flows], (), "eicu"))

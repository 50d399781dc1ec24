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

    from services.evaluate.intents import Intent, Intents
    from streams.intent.priors import Priors

FOLDS = 5


class Fold(NamedTuple):
    """The hospitals tested, what was entered elsewhere, and the priors fitted to that."""

    hospitals: frozenset[str]
    training: list[Intent]
    priors: Priors


def folds(intents: Intents, seed: int) -> Iterator[Fold]:
    """Each hospital in exactly one fold. Repeatable for a seed."""
    eicu = sorted({one.entered.hospital for one in intents.of_logs} - {MIMIC})
    Random(seed).shuffle(eicu)
    for number in range(FOLDS):
        tested = frozenset(eicu[number::FOLDS])
        yield _fold(tested, [one for one in intents.of_logs if one.entered.hospital not in tested])
    elsewhere = [one for one in intents.of_logs if one.entered.hospital != MIMIC]
    yield _fold(frozenset({MIMIC}), [*elsewhere, *intents.eicu_flows])


def _fold(tested: frozenset[str], training: list[Intent]) -> Fold:
    return Fold(tested, training, fit([one.entered for one in training], (), "fold"))

"""The whole evaluation: cold, warm, and with other mixes of slips."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from services.evaluate import figures as of
from services.evaluate import folds, metrics, models, oracle
from services.evaluate.aims import Aim, aims
from services.evaluate.compare import Streams, compare
from services.evaluate.figures import AtBudget, Figures  # noqa: TC001 (msgspec reads the annotations)
from services.evaluate.intents import MIMIC, read
from services.evaluate.mixes import mixes
from services.evaluate.stream import COLD, WARM
from services.pumps import behaviour
from services.pumps.tables import LogError
from streams.intent import parameters as shipped
from streams.intent.fit import fit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from services.evaluate.judged import Judged
    from services.evaluate.models import Model
    from services.evaluate.stream import Habits
    from services.evaluate.trial import Truth
    from services.pumps.behaviour import Behaviour

LIKELIHOODS = ("ours", "of_slips", "of_hospital", "oracle")
"""The models whose scores are probabilities, and which name a value."""
BANDS = (0.0, 0.01, 0.05, 0.15, 0.3, 0.6, 0.8, 0.9, 1.0)
RATES = (metrics.TRUE_RATE / 2, metrics.TRUE_RATE, 2 * metrics.TRUE_RATE)
FEWEST_VALUES = 200
FEWEST_SLIPS = 100
"""Drugs and hospitals with fewer slips are reported together."""


class Band(Struct, frozen=True):
    """Entries whose error likelihood lies in a band: their share, what was said on average, and what was true."""

    low: float
    high: float
    share: float
    said: float
    true: float


class AtRate(Struct, frozen=True):
    """What depends on how often entries are wrong."""

    rate: float
    average_precision: dict[str, float]
    calibration_error: dict[str, float]


class Cold(Struct, frozen=True):
    """Hospitals never seen, by model; the parts are of our model, at the thresholds of all its entries."""

    models: dict[str, Figures]
    eicu: dict[str, Figures]
    mimic3: dict[str, Figures]
    limits_as_shipped: dict[str, AtBudget]
    by_slip: dict[str, Figures]
    by_slip_oracle: dict[str, Figures]
    by_drug: dict[str, Figures]
    by_layout: dict[str, Figures]
    by_hospital: dict[str, Figures]
    calibration: list[Band]
    at_rates: list[AtRate]
    other_slips: dict[str, dict[str, Figures]]


class Warm(Struct, frozen=True):
    """Each hospital's own stream, learned from as it goes, by model: all of it, and its second half."""

    models: dict[str, Figures]
    second_half: dict[str, Figures]
    mimic3: dict[str, Figures]
    mimic3_second_half: dict[str, Figures]
    corrections: int
    corrections_flagged: dict[str, dict[str, float]]
    calibration: list[Band]
    average_precision_of_stream: dict[str, float]
    calibration_error_of_stream: dict[str, float]


class Report(Struct, frozen=True):
    """All figures of one run, with what it takes to repeat it."""

    seed: int
    quick: bool
    model_version: str
    values: int
    hospitals: int
    aims: list[Aim]
    cold: Cold
    warm: Warm


class Evaluation:
    """A run: the report, and the scores behind it for the plots. Raises LogError where the logs do not suffice."""

    def __init__(self, folder: Path, seed: int, *, quick: bool, tell: Callable[[str], None]) -> None:
        self._seed, self._quick, self._tell = seed, quick, tell
        tell("reading the logs")
        self._known = read(folder)
        if len(self._known.of_logs) < FEWEST_VALUES:
            raise LogError(
                f"{folder}: the logs hold {len(self._known.of_logs)} entered values, too few to fit priors to one part "
                f"and test another; {FEWEST_VALUES} are needed"
            )
        tell("fitting priors without each hospital")
        self._folds = list(folds.folds(self._known, seed))
        self._simulator = behaviour.load()
        self._ours = shipped.load()
        self._priors = fit([one.entered for one in self._known.of_logs], (), "oracle")
        self._baselines: dict[str, Model] = {"limits": models.limits, "ratio": models.ratio, "svm": models.svm}
        self._cold_model = models.bayes(self._ours)
        self._warm_model = models.bayes(self._ours, learning=True)
        self.cold = self._judged(COLD, "cold")
        self.warm = self._judged(WARM, "warm")
        cold, warm = self._cold(), self._warm()
        self.report = Report(
            seed=self._seed,
            quick=self._quick,
            model_version=self._ours.version,
            values=len(self._known.of_logs),
            hospitals=len({one.entered.hospital for one in self._known.of_logs}),
            aims=aims(cold.models, warm.models, warm.second_half),
            cold=cold,
            warm=warm,
        )

    def _judged(self, habits: Habits, name: str) -> dict[str, Judged]:
        self._tell(name)
        made = Streams(self._known.of_logs, self._simulator, habits, self._seed, quick=self._quick)
        ours = self._warm_model if habits.slips else self._cold_model
        asked = self._baselines | {"ours": ours, "oracle": self._oracle(self._simulator)}
        # What keeps a model from the oracle: its slips, or the values of the hospital? These know one of both.
        slips = oracle.parameters(self._simulator, self._ours, WARM.corrected)
        asked["of_slips"] = models.bayes(slips, learning=bool(habits.slips))
        if not habits.slips:
            asked["of_hospital"] = models.foreknowing(self._ours, self._priors)
        return compare(asked, self._folds, made)

    def _oracle(self, simulator: Behaviour) -> Model:
        known = oracle.parameters(simulator, self._ours, WARM.corrected)
        return models.foreknowing(known, self._priors)

    def _cold(self) -> Cold:
        ours = self.cold["ours"]
        fewest = FEWEST_SLIPS // 10 if self._quick else FEWEST_SLIPS
        return Cold(
            models=_by_model(self.cold),
            eicu=_by_model(_where(self.cold, lambda one: one.intent.entered.hospital != MIMIC)),
            mimic3=_by_model(_where(self.cold, lambda one: one.intent.entered.hospital == MIMIC)),
            limits_as_shipped=_as_shipped(self.cold["limits"]),
            by_slip=of.by_slip(ours),
            by_slip_oracle=of.by_slip(self.cold["oracle"]),
            by_drug=of.by(ours, lambda one: one.intent.entered.drug, fewest=fewest),
            by_layout=of.by(ours, lambda one: one.keypad, fewest=0),
            by_hospital=of.by(ours, lambda one: one.intent.entered.hospital, fewest=fewest),
            calibration=_bands(ours),
            at_rates=[
                AtRate(
                    rate,
                    {name: self.cold[name].average_precision(rate) for name in self.cold},
                    {name: self.cold[name].calibration(rate).error for name in LIKELIHOODS},
                )
                for rate in RATES
            ],
            other_slips=self._other_slips(),
        )

    def _other_slips(self) -> dict[str, dict[str, Figures]]:
        found = {}
        for name, figures in mixes(self._simulator).items():
            self._tell(f"other slips: {name}")
            made = Streams(self._known.of_logs, figures, COLD, self._seed, passes=1, quick=self._quick)
            asked = {"ours": self._cold_model, "oracle": self._oracle(figures)}
            found[name] = _by_model(compare(asked, self._folds, made))
        return found

    def _warm(self) -> Warm:
        late = _where(self.warm, lambda one: one.late)
        mimic = _where(self.warm, lambda one: one.intent.entered.hospital == MIMIC)
        corrections = np.array([one.corrects for one in self.warm["ours"].trials], dtype=np.bool_)
        rate = float(np.mean(self.warm["ours"].slip))
        return Warm(
            models=_by_model(self.warm),
            second_half=_by_model(late),
            mimic3=_by_model(mimic),
            mimic3_second_half=_by_model(_where(mimic, lambda one: one.late)),
            corrections=int(corrections.sum()),
            corrections_flagged={
                name: {
                    budget: float(np.mean(judged.score[corrections] > above))
                    for budget, above in of.thresholds(judged).items()
                }
                for name, judged in self.warm.items()
            },
            calibration=_bands(self.warm["ours"]),
            average_precision_of_stream={name: one.average_precision(rate) for name, one in self.warm.items()},
            calibration_error_of_stream={
                name: one.calibration(rate).error for name, one in self.warm.items() if name in LIKELIHOODS
            },
        )


def _by_model(judged: dict[str, Judged]) -> dict[str, Figures]:
    return {name: of.figures(one, likelihood=name in LIKELIHOODS) for name, one in judged.items()}


def _where(judged: dict[str, Judged], wanted: Callable[[Truth], bool]) -> dict[str, Judged]:
    return {name: one.where(wanted) for name, one in judged.items()}


def _as_shipped(limits: Judged) -> dict[str, AtBudget]:
    """The limits as a pump has them: all warnings, and the hard ones alone."""
    found = of.figures(limits, {"1_in_200": 0.0, "soft_or_hard": 0.0, "hard": models.HARD}, likelihood=False)
    return {name: found.at[name] for name in ("soft_or_hard", "hard")}


def _bands(judged: Judged) -> list[Band]:
    edges = np.array([*BANDS[:-1], inf])
    found = judged.calibration(edges=edges)
    columns = (found.share.tolist(), found.said.tolist(), found.true.tolist())
    return [Band(*one) for one in zip(BANDS, BANDS[1:], *columns, strict=False)]

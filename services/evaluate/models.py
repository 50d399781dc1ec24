"""What is compared: each model is made for a fold, and then says of each entry how likely it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, log
from typing import TYPE_CHECKING

from schemas.library import Library
from services.evaluate.judged import Said
from services.evaluate.trial import shipped_library
from streams.intent.channel import Channel
from streams.intent.learned import Learned
from streams.intent.partition import DosePartition
from streams.intent.score import DoseScorer
from streams.intent.teacher import Teacher

if TYPE_CHECKING:
    from schemas.events import DoseScore
    from services.evaluate.folds import Fold
    from services.evaluate.trial import Trial
    from streams.intent.parameters import Parameters
    from streams.intent.priors import Priors

Judge = Callable[[Sequence["Trial"]], list[Said]]
"""Takes the entries of one hospital in order; what it learns from them is forgotten after."""
Model = Callable[["Fold"], Judge]
HARD = 1000.0
"""So much more counts a hard limit than any distance beyond a soft one."""


def _library(_hospital: str) -> Library:
    return shipped_library()


def limits(_fold: Fold) -> Judge:
    """The library's limits alone: beyond a hard limit before beyond a soft one, the further the worse.

    A pump only warns. That the distance ranks the warnings is a favour to this yardstick, or it could not be put on a
    budget of false alarms.
    """
    library = shipped_library()

    def beyond(trial: Trial) -> Said:
        event, value = trial.event, trial.truth.value
        row = library.row(event.drug, event.care_area, event.field, event.unit)
        limit = None if row is None else Library.limit(row, value)
        if row is None or limit is None:
            return Said(0.0)
        crossed = getattr(row, limit)
        far = abs(log(value / crossed)) if value and crossed else inf
        return Said(min(far, HARD / 2) + (HARD if limit.startswith("hard") else 0.001))

    return lambda trials: [beyond(trial) for trial in trials]


def ratio(_fold: Fold) -> Judge:
    """How far the value is from the one before; nothing where there is none."""

    def change(trial: Trial) -> Said:
        value, previous = trial.truth.value, trial.event.previous
        return Said(abs(log(value / previous)) if value and previous else 0.0)

    return lambda trials: [change(trial) for trial in trials]


def svm(fold: Fold) -> Judge:
    """A one-class SVM for each drug and unit."""
    from services.evaluate import one_class  # noqa: PLC0415 (scikit-learn takes a second to import)

    return one_class.fitted(fold.training)


def bayes(parameters: Parameters, *, learning: bool = False) -> Model:
    """Our model with these parameters and the priors of the fold.

    `learning`: it learns from the entries of the hospital, each after it was scored.
    """
    channel = Channel(parameters)
    untaught: dict[int, tuple[Fold, DoseScorer]] = {}

    def of_fold(fold: Fold) -> Judge:
        if id(fold) not in untaught:
            untaught[id(fold)] = (fold, DoseScorer(parameters, _library, fold.priors, channel=channel))
        _, scorer = untaught[id(fold)]

        def judge(trials: Sequence[Trial]) -> list[Said]:
            if not learning:
                return _judged(DosePartition(scorer), trials)
            learned = Learned()
            taught = DoseScorer(parameters, _library, fold.priors, learned, channel)
            return _judged(DosePartition(taught, Teacher(learned, _library)), trials)

        return judge

    return of_fold


def foreknowing(parameters: Parameters, priors: Priors) -> Model:
    """Our model with priors of all hospitals, taught the whole stream, its future included, before it scores it.

    It is taught what was meant, never a slip.
    """
    channel = Channel(parameters)

    def judge(trials: Sequence[Trial]) -> list[Said]:
        learned = Learned()
        scorer = DoseScorer(parameters, _library, priors, learned, channel)
        taught = DosePartition(scorer, Teacher(learned, _library))
        for offset, trial in enumerate(trials):
            if trial.stands and trial.truth.slip is None:
                taught.apply(trial.event, offset)
        return _judged(DosePartition(scorer), trials)

    return lambda _fold: judge


def _judged(hospital: DosePartition, trials: Sequence[Trial]) -> list[Said]:
    said = []
    for offset, trial in enumerate(trials):
        scores = hospital.apply(trial.event, offset) if trial.stands else [hospital.judge(trial.entry())]
        said.append(_said(scores[-1]))
    return said


def _said(score: DoseScore) -> Said:
    """Flagged by the likelihood of a slip that matters, as the verdict is."""
    material = score.error_likelihood if score.material_likelihood is None else score.material_likelihood
    return Said(material, score.error_likelihood, score.meant[0].value if score.meant else None)

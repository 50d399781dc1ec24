"""What each model says of an entry."""

from math import log

import pytest

from services.evaluate import models
from services.evaluate.compare import Streams, compare
from services.evaluate.folds import Fold, folds
from services.evaluate.stream import COLD, WARM
from services.evaluate.trial import Trial, Truth
from services.pumps import behaviour
from streams.intent import parameters
from tests.made_events import entry

FIGURES = behaviour.load()


def trial(few, typed: str, previous: float | None, **changes) -> Trial:
    event = entry("p", 1, typed, previous=previous, care_area="MICU", **changes)
    return Trial(event, Truth(few.of_logs[0], "spectrum", float(typed), float(typed)))


@pytest.fixture(scope="module")
def fold(few) -> Fold:
    return next(folds(few, seed=1))


def test_limits_rank_hard_before_soft_before_none(few, fold):
    """Norepinephrine in mcg/min by the shipped library: 10 is usual, 40 beyond soft, 250 beyond hard."""
    judge = models.limits(fold)
    usual, soft, softer, hard = (
        one.score for one in judge([trial(few, text, None) for text in ("10", "40", "35", "250")])
    )
    assert usual == 0
    assert 0 < softer < soft < models.HARD < hard


def test_the_ratio_rule_measures_the_change_both_ways(few, fold):
    """Twice and half the value before are as far; a start has nothing to compare."""
    judge = models.ratio(fold)
    up, down, start = (
        one.score for one in judge([trial(few, "10", 5.0), trial(few, "5", 10.0), trial(few, "5", None)])
    )
    assert up == pytest.approx(log(2))
    assert down == pytest.approx(up)
    assert start == 0


def test_the_one_class_machine_finds_an_outlier_worse_than_a_usual_value(few, fold):
    """It has learned the values of the other hospitals."""
    intent = next(one for one in few.of_logs if one.entered.drug == "propofol" and one.entered.unit == "mcg/kg/min")
    drug = {"drug": "propofol", "unit": "mcg/kg/min"}
    made = [trial(few, text, 30.0, **drug) for text in ("30", "3000")]
    made = [one._replace(truth=one.truth._replace(intent=intent)) for one in made]
    usual, far = (one.score for one in models.svm(fold)(made))
    assert far > usual


def test_a_trial_that_does_not_stand_leaves_no_trace(few):
    """Without the slipped entries, the right ones score the same."""
    known = list(folds(few, seed=1))
    judge = models.bayes(parameters.load())(known[0])
    for stream in Streams(few.of_logs, FIGURES, COLD, 1, passes=1).of(known[0].hospitals):
        standing = [one for one in stream.trials if one.stands]
        both = judge(stream.trials)
        assert [said for said, one in zip(both, stream.trials, strict=True) if one.stands] == judge(standing)


def test_learning_changes_what_comes_later_and_not_the_first_entry(few):
    """Each entry is scored before it is learned from."""
    (fold,) = [one for one in folds(few, seed=1) if "mimic3" in one.hospitals]
    (stream,) = Streams(few.of_logs, FIGURES, WARM, 1, passes=1).of(fold.hospitals)
    learning, frozen = (models.bayes(parameters.load(), learning=on)(fold)(stream.trials) for on in (True, False))
    assert learning[0] == frozen[0]
    assert learning != frozen


def test_all_models_are_asked_about_the_same_entries(few):
    """One column of scores each, as long as the entries counted."""
    known = [one for one in folds(few, seed=1) if "mimic3" not in one.hospitals][:1]
    found = compare({"limits": models.limits, "ratio": models.ratio}, known, Streams(few.of_logs, FIGURES, COLD, 1))
    assert found["limits"].trials == found["ratio"].trials
    assert len(found["limits"].score) == len(found["limits"].trials) > 50

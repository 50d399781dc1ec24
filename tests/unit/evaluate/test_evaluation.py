"""The evaluation as a whole: what it claims about the model, that it repeats, and that it can fail."""

import msgspec
import pytest
from msgspec.structs import replace

from services.evaluate import models, oracle
from services.evaluate.compare import Streams, compare
from services.evaluate.folds import folds
from services.evaluate.intents import Intents, read
from services.evaluate.judged import Judged
from services.evaluate.stream import COLD
from services.pumps import behaviour
from streams.intent import parameters
from streams.intent.fit import fit
from tests.real_logs import FOLDER

OURS = parameters.load()
FIGURES = behaviour.load()


@pytest.fixture(scope="module")
def known() -> Intents:
    return read(FOLDER)


@pytest.fixture(scope="module")
def cold(known) -> dict[str, Judged]:
    """A tenth of a full run: half of the stays, once, each value right and with a slip."""
    swapped = dict.fromkeys(OURS.shares, 0.001) | {"transposition": 1 - 0.001 * (len(OURS.shares) - 1)}
    worse = replace(OURS, shares=swapped, stepped=dict.fromkeys(OURS.stepped, 1 / len(OURS.stepped)))
    asked = {
        "limits": models.limits,
        "ratio": models.ratio,
        "svm": models.svm,
        "ours": models.bayes(OURS),
        "worse": models.bayes(worse),
    }
    return compare(asked, list(folds(known, 1)), Streams(known.of_logs, FIGURES, COLD, 1, quick=True))


def test_it_finds_slips_at_a_price_that_a_ward_accepts(cold):
    """At 1 false alarm in 200 right entries: most slips of twofold and fivefold at hospitals never seen."""
    ours = cold["ours"]
    assert len(ours.right()) > 2000
    assert ours.sensitivity(1 / 200, 2) > 0.55
    assert ours.sensitivity(1 / 200, 5) > 0.65


def test_the_shipped_threshold_keeps_the_budget(cold):
    """At the likelihood from which an educator is told, fewer than 1 right entry in 100 is flagged."""
    assert (cold["ours"].right() >= OURS.verdict.suspect).mean() < 0.01


@pytest.mark.parametrize("other", ["limits", "ratio", "svm"])
def test_it_beats_what_is_used_today(cold, other):
    """More slips of twofold at as many false alarms, and a higher average precision, by a clear margin."""
    assert cold["ours"].sensitivity(1 / 200, 2) > cold[other].sensitivity(1 / 200, 2) + 0.1
    assert cold["ours"].average_precision() > cold[other].average_precision() + 0.1


def test_a_worse_model_scores_worse(cold):
    """If it takes nearly every slip for two digits swapped, every figure drops: the check can fail."""
    good, worse = cold["ours"], cold["worse"]
    assert worse.sensitivity(1 / 200, 2) < good.sensitivity(1 / 200, 2) - 0.05
    assert worse.average_precision() < good.average_precision() - 0.05


def test_it_means_what_it_says(cold):
    """The calibration error at the true rate of slips is at most 0.01."""
    assert cold["ours"].calibration().error < 0.01


def test_the_same_seed_gives_the_same_scores(few):
    """Two runs over the same entries agree to the last bit."""
    runs = [
        compare({"ours": models.bayes(OURS)}, list(folds(few, 3))[:2], Streams(few.of_logs, FIGURES, COLD, 3, passes=1))
        for _ in range(2)
    ]
    assert runs[0]["ours"].said == runs[1]["ours"].said


def test_the_oracle_is_above_us(few):
    """It knows how slips are made and what each hospital will enter: more slips found, and a higher precision."""
    every = fit([one.entered for one in few.of_logs], (), "every")
    knowing = models.foreknowing(oracle.parameters(FIGURES, OURS, 0.8), every)
    asked = {"ours": models.bayes(OURS), "oracle": knowing}
    found = compare(asked, list(folds(few, 1)), Streams(few.of_logs, FIGURES, COLD, 1, passes=2))
    assert found["oracle"].average_precision() > found["ours"].average_precision()
    assert found["oracle"].sensitivity(1 / 200, 2) > found["ours"].sensitivity(1 / 200, 2)


def test_shares_of_the_figures_add_up(cold):
    """Parts by layout hold all entries between them, and each slip beside all right entries."""
    from services.evaluate import figures

    ours = cold["ours"]
    whole = figures.figures(ours)
    layouts = figures.by(ours, lambda one: one.keypad, fewest=0)
    assert sum(one.right for one in layouts.values()) == whole.right
    assert sum(one.slips["2x"] for one in layouts.values()) == whole.slips["2x"]
    found = sum((one.at["1_in_200"].found["2x"] or 0) * one.slips["2x"] for one in layouts.values())
    assert found / whole.slips["2x"] == pytest.approx(whole.at["1_in_200"].found["2x"])
    slips = figures.by_slip(ours)
    assert sum(one.slips["all"] for one in slips.values()) == whole.slips["all"]
    assert {one.right for one in slips.values()} == {whole.right}
    assert whole.at["1_in_200"].false_alarms <= 1 / 200
    assert msgspec.json.encode(whole)

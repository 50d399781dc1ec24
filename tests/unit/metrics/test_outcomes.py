"""Precision with its interval, and how many drugs have series of their own."""

import pytest

from services.metrics.outcomes import MOST_DRUGS, OTHER_DRUGS, by_drug, figures, precision, top_drugs, wilson
from services.readmodel.rollups import RollupSums, total


@pytest.mark.parametrize(
    ("caught", "decided", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(caught, decided, low, high):
    """The four examples of Newcombe 1998, Two-sided confidence intervals for the single proportion, method 3."""
    found = wilson(caught, decided)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert found.share == caught / decided


def test_the_interval_stays_within_0_and_1_and_around_the_share():
    """For every share of up to 60 trials."""
    for trials in range(1, 61):
        for successes in range(trials + 1):
            found = wilson(successes, trials)
            assert 0 <= found.low <= found.share <= found.high <= 1


def test_without_a_decided_entry_there_is_no_precision():
    """Undecided and cancelled entries are neither catches nor false alarms."""
    sums = RollupSums(suspect=3, error=2, given_up=1)
    assert (sums.undecided, precision(sums)) == (4, None)
    assert not {name for name, *_ in figures(sums) if "precision" in name}


def test_a_correction_to_another_value_lowers_the_precision():
    """The model saw an error, but not what was meant: decided, and no catch."""
    found = precision(RollupSums(error=4, corrected=3, caught=2, stood=1))
    assert found is not None
    assert found.share == 0.5


def test_the_drugs_flagged_most_have_series_and_the_rest_share_one():
    """A thousand drugs give eleven series, and nothing is lost in the sum."""
    drugs = {f"drug {number:04}": RollupSums(error=number % 50, stood=1) for number in range(1000)}
    kept = by_drug(drugs, top_drugs(drugs))
    assert len(kept) == MOST_DRUGS + 1
    assert total(kept.values()) == total(drugs.values())
    assert [drug for drug in kept if drug != OTHER_DRUGS] == [f"drug {number * 50 + 49:04}" for number in range(10)]


def test_a_pump_that_calls_a_drug_other_does_not_break_the_sum():
    """Its entries are told among the others."""
    drugs = {f"drug {number}": RollupSums(error=20 - number) for number in range(15)} | {"other": RollupSums(error=99)}
    kept = by_drug(drugs, top_drugs(drugs))
    assert len(kept) == MOST_DRUGS
    assert total(kept.values()) == total(drugs.values())

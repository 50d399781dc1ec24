"""The figures of an evaluation against numbers worked out by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from services.evaluate import metrics

RIGHT = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
WRONG = np.array([0.05, 0.65, 0.85, 0.95])


@pytest.mark.parametrize(("budget", "above"), [(0.1, 0.8), (0.05, 0.9), (0.3, 0.6)])
def test_the_threshold_lets_through_as_many_right_entries_as_the_budget_allows(budget, above):
    """Of ten right entries, 1 in 10 may lie above it, or none where the budget is less than one of them."""
    assert metrics.threshold(RIGHT, budget) == above
    assert np.mean(above < RIGHT) <= budget


def test_equal_scores_never_break_the_budget():
    """Where half of the right entries have the highest score, none is flagged rather than all of them."""
    right = np.array([1.0] * 5 + [0.0] * 5)
    assert metrics.threshold(right, 0.1) == 1.0
    assert metrics.sensitivity(right, np.array([1.0, 2.0]), 0.1) == 0.5


def test_sensitivity_is_the_share_of_slips_above_the_threshold():
    """0.85 and 0.95 of four slips lie above 0.8."""
    assert metrics.sensitivity(RIGHT, WRONG, 0.1) == 0.5


@pytest.mark.parametrize("rate", [0.007, 0.2857142857142857])
def test_average_precision_is_that_of_scikit_learn_with_weights(rate):
    """With each slip and each right entry weighted to the rate, ties included, it is the same number."""
    dice = np.random.default_rng(7)
    right, wrong = dice.normal(0, 1, 500).round(1), dice.normal(1, 1, 200).round(1)
    weight = np.concatenate((np.full(500, (1 - rate) / 500), np.full(200, rate / 200)))
    expected = average_precision_score([0] * 500 + [1] * 200, np.concatenate((right, wrong)), sample_weight=weight)
    assert metrics.average_precision(right, wrong, rate) == pytest.approx(expected, abs=1e-12)


def test_calibration_weighs_right_and_wrong_entries_to_the_true_rate():
    """Said 0.1 where 0.5 x 0.2 / (0.5 x 0.8 + 0.5 x 0.2) are slips, and 0.9 where 0.9 x 0.2 / ... are."""
    right = np.array([0.1, 0.1, 0.1, 0.9])
    wrong = np.array([0.1, 0.9])
    found = metrics.calibration(right, wrong, rate=0.2)
    low, high = found.share[1], found.share[9]
    assert (low, high) == pytest.approx((0.8 * 0.75 + 0.2 * 0.5, 0.8 * 0.25 + 0.2 * 0.5))
    assert (found.true[1], found.true[9]) == pytest.approx((0.1 / 0.7, 0.1 / 0.3))
    assert found.error == pytest.approx(0.7 * abs(0.1 - 0.1 / 0.7) + 0.3 * abs(0.9 - 0.1 / 0.3))


def test_a_likelihood_that_is_always_the_rate_is_calibrated():
    """Said 0.007 of every entry, with 0.7% slips: no error."""
    said = np.full(100, metrics.TRUE_RATE)
    assert metrics.calibration(said, said).error == pytest.approx(0.0)

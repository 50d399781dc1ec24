"""What was aimed at, beside what is reached."""

import pytest

from services.evaluate.aims import aims
from services.evaluate.figures import AtBudget, Figures


def figures(found: float, precision: float, recovery: float | None = 0.9, error: float = 0.004) -> Figures:
    at = AtBudget(0.005, {"all": found, "2x": found, "5x": found})
    return Figures(200, {"all": 10, "2x": 10, "5x": 10}, {"1_in_200": at}, precision, recovery, error)


MODELS = {"ours": figures(0.76, 0.4), "of_slips": figures(0.86, 0.48, 0.8), "oracle": figures(0.96, 0.5, None, 0.02)}


def test_each_aim_stands_beside_what_ours_and_the_bounds_reach():
    """Cold, warm and the second half of warm: two aims for what is found, top-1, calibration, average precision."""
    found = {one.name: one for one in aims(MODELS, MODELS, MODELS)}
    assert len(found) == 15
    cold, warm = found["cold: slips >=2x found"], found["warm, second half: slips >=5x found"]
    assert (cold.aim, cold.ours, cold.reached(cold.ours)) == (0.75, 0.76, True)
    assert (warm.aim, warm.reached(warm.of_slips), warm.reached(warm.oracle)) == (0.95, False, True)
    precision = found["warm: AP, share of the oracle's"]
    assert (precision.ours, precision.of_slips, precision.oracle) == pytest.approx((0.8, 0.96, 1))
    assert [precision.reached(one) for one in (precision.ours, precision.of_slips)] == [False, True]


def test_an_error_is_to_be_small_and_what_is_not_known_reaches_nothing():
    found = {one.name: one for one in aims(MODELS, MODELS, MODELS)}
    error = found["cold: ECE"]
    assert [error.reached(one) for one in (error.ours, error.oracle)] == [True, False]
    assert not found["cold: top-1"].reached(found["cold: top-1"].oracle)

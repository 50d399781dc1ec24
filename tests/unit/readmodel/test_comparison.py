"""Shares of care areas with their intervals, and when there are too few data for one."""

from math import isclose
from random import Random

import pytest
from scipy import stats

from services.readmodel.comparison import LEAST_DAYS, Share, of_counts, of_minutes, student


def test_a_share_of_counts_has_wilsons_interval():
    """8 of 10 warnings overridden, in a unit of 60 entries: 49 to 94%."""
    found = of_counts(8, 10, 60)
    assert (found.part, found.whole, found.share) == (8, 10, 0.8)
    assert (round(found.low, 2), round(found.high, 2)) == (0.49, 0.94)


@pytest.mark.parametrize(("whole", "entries"), [(30, 49), (0, 500)])
def test_too_few_entries_give_no_share(whole, entries):
    """What was counted is told all the same."""
    assert of_counts(0, whole, entries) == Share(0, whole)


@pytest.mark.parametrize("freedom", [5, 6, 13, 27, 34])
def test_students_t_is_as_good_as_its_table(freedom):
    """Within a hundredth from five degrees of freedom on."""
    assert isclose(student(freedom), stats.t.ppf(0.975, freedom), abs_tol=0.01)


def test_the_interval_of_minutes_holds_the_true_share():
    """Of 400 units whose days differ as real ones do, 95% and not 60%, as with minutes for trials."""
    chance = Random(1)
    held = narrow = 0
    for _ in range(400):
        days = []
        for _ in range(28):
            infusing = chance.uniform(3000, 9000)
            days.append((infusing * chance.betavariate(2, 38), infusing))
        found = of_minutes(days)
        held += found.low <= 0.05 <= found.high
        minutes = of_counts(int(found.part), int(found.whole), 1000)
        narrow += minutes.low <= 0.05 <= minutes.high
    assert 0.92 <= held / 400 <= 0.98
    assert narrow / 400 < 0.6


def test_few_days_or_hours_of_infusing_give_no_share():
    """A week, and fifty hours, are needed; days without infusing are none."""
    day = (60.0, 1440.0)
    assert of_minutes([day] * (LEAST_DAYS - 1) + [(0.0, 0.0)] * 10).share is None
    assert of_minutes([(1.0, 20.0)] * 28).share is None
    assert of_minutes([day] * LEAST_DAYS).share == pytest.approx(60 / 1440)

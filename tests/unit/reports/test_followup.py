"""What a training is said to have changed: simulated units of which is known what it did."""

from datetime import date, timedelta

import numpy as np
import pytest

from services.reports.followup import follow_up
from services.reports.intervals import Count

FIRST = date(2026, 9, 1)
TRAINED = FIRST + timedelta(days=35)
DAYS = 70


def units(dice, effect=1.0, all_change=1.0, own_change=0.0, others=8, mean=3.0, drift=0.0):
    """Daily counts of a trained unit and others: all change alike, each by its own, one by the training."""
    found = {}
    for number in range(1 + others):
        own = np.exp(dice.normal(0, own_change))
        by_span = {}
        for day in range(DAYS):
            after = day >= 35
            rate = mean * (all_change * own if after else 1.0)
            if number == 0:
                rate *= (effect if after else 1.0) * np.exp(drift * (day - 35) / 35 * (not after))
            by_span[FIRST + timedelta(days=day)] = Count(int(dice.poisson(rate)), 100.0)
        found[f"unit {number}"] = by_span
    return found


@pytest.mark.parametrize("own_change", [0.0, 0.2])
def test_the_interval_holds_what_the_training_did(own_change):
    """With a third fewer in all units and 30% fewer by training, nearly 95% of the intervals hold 0.7."""
    dice = np.random.default_rng(int(own_change * 10))
    covered = []
    for _ in range(150):
        found = follow_up(units(dice, effect=0.7, all_change=0.67, own_change=own_change), "unit 0", TRAINED)
        covered.append(found.low <= 0.7 <= found.high)
    assert np.mean(covered) >= 0.92
    assert np.mean(covered) <= 0.995


def test_a_training_that_did_nothing_is_not_said_to_have_helped():
    """All units have half as many afterwards: nothing is put down to the training in 95% of the hospitals."""
    dice = np.random.default_rng(12)
    found = [follow_up(units(dice, all_change=0.5, own_change=0.1), "unit 0", TRAINED) for _ in range(100)]
    assert np.mean([one.verdict == "fewer than without the training" for one in found]) <= 0.05
    assert np.mean([one.controls for one in found]) == pytest.approx(0.5, abs=0.02)


def test_a_training_that_halves_the_slips_is_found():
    """Half as many in the trained unit alone is told in at least 9 of 10 hospitals."""
    dice = np.random.default_rng(13)
    found = [follow_up(units(dice, effect=0.5), "unit 0", TRAINED) for _ in range(40)]
    assert np.mean([one.high < 1 for one in found]) >= 0.9
    assert np.mean([np.log(one.change) for one in found]) == pytest.approx(np.log(0.5), abs=0.06)


def test_a_unit_chosen_for_a_bad_spell_is_expected_to_mend_by_itself():
    """Of 20 units that are alike, the one with most slips before falls by about what is said of it beforehand.

    Nothing was done. The comparison with the others alone would credit the training in more than one case of ten.
    """
    dice = np.random.default_rng(14)
    found = []
    for _ in range(100):
        alike = units(dice, others=19, mean=1.0)
        worst = max(alike, key=lambda name: sum(of.events for day, of in alike[name].items() if day < TRAINED))
        found.append(follow_up(alike, worst, TRAINED))
    fell = np.mean([np.log(one.after / one.before) for one in found])
    assert fell < -0.2
    assert np.mean([np.log(one.by_itself) for one in found]) == pytest.approx(fell, abs=0.08)
    assert np.mean([one.high < 1 for one in found]) > 0.1
    assert np.mean([one.verdict == "fewer than without the training" for one in found]) <= 0.03


def test_a_unit_that_was_mending_before_its_training_is_not_judged():
    """Where the unit fell steadily against the others beforehand, the training gets no credit."""
    found = follow_up(units(np.random.default_rng(15), drift=-1.5, mean=6.0), "unit 0", TRAINED)
    assert found.drifting
    assert found.verdict.startswith("cannot be told")


def test_a_unit_without_any_event_since_its_training_has_a_ratio():
    """Half an event stands for none; a week in which nobody had any changes nothing."""
    made = units(np.random.default_rng(17))
    for day, of in made["unit 0"].items():
        made["unit 0"][day] = of._replace(events=0 if day >= TRAINED else of.events)
    for by_day in made.values():
        for day in (TRAINED + timedelta(days=number) for number in range(7)):
            by_day[day] = by_day[day]._replace(events=0)
    found = follow_up(made, "unit 0", TRAINED)
    assert found.verdict == "fewer than without the training"
    assert 0 < found.low < found.change < found.high < 0.2


def test_a_unit_where_nothing_ever_varies_has_an_interval():
    """Counts that are the same each day vary less than chance would have them, and are taken to vary as much."""
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    alike = {f"unit {number}": dict.fromkeys(days, Count(3, 100.0)) for number in range(5)}
    found = follow_up(alike, "unit 0", TRAINED)
    assert found.change == pytest.approx(1.0)
    # Of 105 events on either side: exp(1.96 sqrt(2/105)) and a little for the four controls.
    assert found.high == pytest.approx(1.35, abs=0.02)


@pytest.mark.parametrize(
    ("of", "trained", "on"),
    [
        ({"mean": 0.05}, "unit 0", TRAINED),
        ({"others": 2}, "unit 0", TRAINED),
        ({}, "unit 0", FIRST + timedelta(days=12)),
        ({}, "unit 0", FIRST + timedelta(days=DAYS - 1)),
        ({}, "elsewhere", TRAINED),
    ],
)
def test_too_little_before_after_or_beside_it_is_not_enough_data(of, trained, on):
    """Few slips, two controls, a few days on one side, or a unit that is not there: nothing is said."""
    assert follow_up(units(np.random.default_rng(16), **of), trained, on) is None

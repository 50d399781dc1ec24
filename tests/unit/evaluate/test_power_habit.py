"""Units and shifts in the order of their true habits."""

import pytest

from services.evaluate.power_habit import HOUR_MS, HabitScore, InfusedHours, habits_told
from services.evaluate.power_told import Episode, Told
from tests.unit.evaluate.test_power_truth import MINUTE, START, Story

NIGHT = START  # midnight
HABITS = {"A": {"night": 0.1}, "B": {"night": 0.5}, "C": {"night": 2.0}}


def hours_of(**unit_hours):
    hours = InfusedHours()
    for unit, infused in unit_hours.items():
        hours.ms["h", unit, "night"] = infused * HOUR_MS
        hours.place[f"P-{unit}"] = "h", unit
    return hours


def told_of(cause="practice", **episodes):
    told = Told()
    for unit, times in episodes.items():
        for number in range(times):
            told.episodes[f"{unit}{number}"] = Episode(f"P-{unit}", NIGHT, NIGHT + MINUTE, 20, cause)
    return told


@pytest.mark.parametrize(
    ("told", "correlation"),
    [(told_of(A=1, B=5, C=20), 1.0), (told_of(A=20, B=5, C=1), -1.0), (told_of(A=5, B=5, C=5), 0.0),
     (told_of("transport", A=1, B=5, C=20), 0.0)],
)  # fmt: skip
def test_the_order_of_units_is_told_right_or_wrong(told, correlation):
    """By episodes of practice in an hour of infusing; journeys are nobody's habit."""
    score = habits_told(told, hours_of(A=200, B=200, C=200), lambda _, unit: HABITS[unit])
    assert score == HabitScore(3, correlation)


def test_more_infusing_is_not_more_habit():
    """Twice the episodes in four times the hours is half the habit."""
    score = habits_told(told_of(A=8, B=6, C=7), hours_of(A=800, B=200, C=150), lambda _, unit: HABITS[unit])
    assert score.correlation == 1.0


def test_units_seldom_seen_are_not_compared():
    score = habits_told(told_of(A=1), hours_of(A=200, B=200, C=99), lambda _, unit: HABITS[unit])
    assert score == HabitScore(2, None)


def test_hours_count_while_a_pump_infuses():
    story, hours = Story(), InfusedHours()
    story.ledger.hear = lambda event, at, *_: hours.hear(event, at)
    story.say(0, "mains", infusing=False)
    story.say(10, "mains")
    story.say(25, "battery")
    story.say(30, "battery", infusing=False)
    assert hours.ms == {("h", "ICU", "night"): 20 * MINUTE}

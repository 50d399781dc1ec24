"""Which lessons are told: worked examples, and simulated hospitals of which is known who needs what."""

from datetime import date, timedelta
from functools import partial

import numpy as np
import pytest

from services.readmodel.rollups import RollupSums
from services.reports import training
from services.reports.intervals import Count
from services.reports.lessons import LessonsError, load_lessons, parse_lessons

DAYS = 30
FIRST = date(2026, 10, 1)
SLIPS = {"decimal_entry": "missing_decimal", "unit_choice": "wrong_unit", "keypad": "adjacent_key"}


def ward(_):
    return "ward"


def hospital(dice, units, entries=600, rate=0.002, planted=(), times=2.5, clumped=0.3):
    """Daily sums of so many units; `planted` pairs of unit and lesson have `times` the slips; days vary, too."""
    found = {}
    for number in range(units):
        by_span = {}
        for day in range(DAYS):
            slips = {}
            for lesson, slip in SLIPS.items():
                mean = entries * rate * (times if (number, lesson) in planted else 1.0)
                slips[slip] = int(dice.poisson(mean * dice.gamma(1 / clumped, clumped)))
            by_span[FIRST + timedelta(days=day)] = RollupSums(
                entries=entries,
                corrected_slips=slips,
                suspect=sum(slips.values()),
                harm={"moderate": sum(slips.values())},
            )
        found[f"unit {number}"] = by_span
    return found


def told(units):
    """The pairs of unit and lesson that are said to be needed."""
    needs = training.needs(units, ward, load_lessons(), DAYS)
    return {(need.unit, need.lesson) for need in needs if need.verdict == "needed"}


def test_few_of_the_lessons_that_are_told_are_told_for_nothing():
    """Over 30 hospitals of 20 units, a tenth of all pairs in need, at most 10% are false, and 9 in 10 are found."""
    dice = np.random.default_rng(1)
    false, found, there = [], 0, 0
    for _ in range(30):
        pairs = [(unit, lesson) for unit in range(20) for lesson in SLIPS]
        planted = {pairs[at] for at in dice.choice(len(pairs), 6, replace=False)}
        said = told(hospital(dice, 20, planted=planted))
        true = {(f"unit {unit}", lesson) for unit, lesson in planted}
        false.append(len(said - true) / max(len(said), 1))
        found += len(said & true)
        there += len(true)
    assert np.mean(false) <= training.FALSE_SHARE
    assert found / there >= 0.9


def test_where_nobody_needs_a_lesson_hardly_any_is_told():
    """Of 150 hospitals whose units are all alike, one in ten at most is told anything (and chance: 22 for 15)."""
    dice = np.random.default_rng(2)
    assert sum(bool(told(hospital(dice, 12))) for _ in range(150)) <= 22


def test_the_interval_of_a_rate_ratio_holds_the_true_one():
    """Over 300 simulated units with 1.5 times the slips, of days that vary, 95% intervals hold 1.5 in 92 to 98%."""
    dice = np.random.default_rng(3)
    covered = []
    for _ in range(300):

        def days(mean):
            return [Count(int(dice.poisson(mean * dice.gamma(2, 1 / 2))), 100.0) for _ in range(DAYS)]

        units = {"a": days(3.0), **{name: days(2.0) for name in "bcdefg"}}
        ((_, _, judged), *_) = training.judge(units, ward)
        covered.append(judged.low <= 1.5 <= judged.high)
    assert 0.92 <= np.mean(covered) <= 0.98


def test_a_unit_with_few_entries_is_not_judged():
    """Two decimal slips of 100 entries are a high rate and too little to say so; the others are judged."""
    units = hospital(np.random.default_rng(5), 8)
    units["tiny"] = {FIRST: RollupSums(entries=100, corrected_slips={"missing_decimal": 2})}
    verdicts = {
        need.unit: need.verdict
        for need in training.needs(units, ward, load_lessons(), DAYS)
        if need.lesson == "decimal_entry"
    }
    assert verdicts.pop("tiny") == "not_enough_data"
    assert set(verdicts.values()) == {"as_elsewhere"}


def test_a_hospital_of_two_units_is_told_that_there_is_not_enough_to_compare():
    """One unit beside one other says nothing of which is usual."""
    units = hospital(np.random.default_rng(6), 2, planted={(0, "keypad")})
    assert {need.verdict for need in training.needs(units, ward, load_lessons(), DAYS)} == {"not_enough_data"}


def test_units_are_compared_with_their_like():
    """Intensive care units with three times the slips of wards need nothing where all of them have."""
    dice = np.random.default_rng(7)
    planted = {(unit, "decimal_entry") for unit in range(4)}
    units = hospital(dice, 10, planted=planted, times=3.0)
    like = partial(lambda icus, unit: "adult_icu" if unit in icus else "ward", {f"unit {n}" for n in range(4)})
    needs = training.needs(units, like, load_lessons(), DAYS)
    assert {need.unit for need in needs if need.verdict == "needed"} == set()


def test_the_lesson_that_avoids_most_harm_comes_first():
    """Beside a unit with twice the decimal slips, one with four times the unit slips is first, with what it avoids."""
    units = hospital(
        np.random.default_rng(8), 10, planted={(0, "decimal_entry")}, entries=3000, times=2.0, clumped=0.01
    )
    for sums in units["unit 3"].values():
        sums.corrected_slips["wrong_unit"] *= 4
    first, second = (need for need in training.needs(units, ward, load_lessons(), DAYS) if need.verdict == "needed")
    assert (first.unit, first.lesson) == ("unit 3", "unit_choice")
    assert (second.unit, second.lesson) == ("unit 0", "decimal_entry")
    # 3,000 entries x 30 days x 0.2% are 180 slips: three times as many and once as many more; a moderate case weighs 3.
    assert first.avoidable == pytest.approx(540, rel=0.15)
    assert first.points == pytest.approx(3 * first.avoidable)
    assert second.avoidable == pytest.approx(180, rel=0.25)


def test_an_override_weighs_as_much_as_overrides_of_flagged_entries_are_grave():
    """One of ten overrides was of a flagged entry, and flagged entries are worth 10 points: one point an override."""
    lessons = load_lessons()
    whole = RollupSums(overridden=100, flagged_overrides={"rate soft_high 9 mL/h": 10}, suspect=5, harm={"high": 5})
    assert lessons.points(lessons.lessons["overrides"], whole) == pytest.approx(1.0)


def test_a_pump_left_unplugged_weighs_its_share_of_low_alarms():
    """A fifth of the times it ended in an alarm, which weighs 3."""
    lessons = load_lessons()
    whole = RollupSums(causes={"practice": 50}, avoidable_low_alarms=10)
    assert lessons.points(lessons.lessons["plugging_in"], whole) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("lesson", "named"),
    [
        ("{title: a, per: 1, of: b, words: c, avoids: d}", "either `slips` or a `habit`"),
        ("{title: a, per: 0, of: b, words: c, avoids: d, habit: overrides}", "$.lessons[...].per"),
        ("{title: a, per: 1, of: b, words: c, avoids: d, slips: [typo]}", "$.lessons[...].slips"),
    ],
)
def test_lessons_that_cannot_be_counted_are_refused_by_field(lesson, named):
    """A lesson says what it counts, in what, by slips that exist."""
    with pytest.raises(LessonsError) as refusal:
        parse_lessons(f"grades: {{}}\nlow_alarm: 3\nlessons: {{x: {lesson}}}")
    assert named in str(refusal.value)

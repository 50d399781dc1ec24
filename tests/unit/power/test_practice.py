"""Whether a unit leaves its pumps unplugged in one of its shifts."""

from streams.power.practice import UnitShift, judge_practice


def sums(**often):
    """Five units of 1,000 hours each with 20 such episodes, and those named here."""
    usual = [UnitShift(f"Unit {number}", "day", 1000.0, 80.0, 20) for number in range(5)]
    return [*usual, *(UnitShift(unit, "day", *figures) for unit, figures in often.items())]


def test_a_unit_that_does_it_three_times_as_often_is_named_with_its_evidence():
    """The effect, its interval, and what was counted."""
    verdict = judge_practice(sums(SICU=(1000.0, 250.0, 60)))[-1]
    assert verdict.verdict == "often"
    assert 1.25 < verdict.low < verdict.times < verdict.high
    assert verdict.evidence == [
        "60 times left unplugged in 1,000 h of infusing; 20 times in 1,000 h elsewhere in the hospital",
        "25.0% of the infusing time was on battery",
    ]


def test_units_like_all_others_are_usual():
    """One more or less says nothing."""
    assert {one.verdict for one in judge_practice(sums(SICU=(1000.0, 80.0, 23)))} == {"usual"}


def test_a_unit_that_hardly_ever_does_it_is_named_too():
    """Somebody may learn from it."""
    assert judge_practice(sums(CCU=(2000.0, 10.0, 6)))[-1].verdict == "seldom"


def test_few_hours_or_few_episodes_are_not_enough():
    """Not enough data is a verdict."""
    verdicts = judge_practice(sums(Small=(30.0, 10.0, 4), Quiet=(100.0, 1.0, 2)))
    assert [one.verdict for one in verdicts[-2:]] == ["not_enough_data", "not_enough_data"]
    assert [one.verdict for one in judge_practice([UnitShift("Only", "day", 500.0, 20.0, 0)])] == ["not_enough_data"]

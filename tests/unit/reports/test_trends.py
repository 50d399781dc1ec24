"""What changed beside the period before: intervals as published, and no arrow for noise."""

import random
from datetime import date, timedelta

import numpy as np
import pytest

from services.readmodel.rollups import RollupSums
from services.reports.intervals import Count, beyond_chance, dispersion, rate_ratio, share_difference, wilson
from services.reports.period import Cell, Place
from services.reports.trends import trend_table, trends

FIRST = date(2026, 10, 1)


def cells(daily):
    """One cell a day."""
    return [
        Cell(Place("H", "MICU", "heparin", "day", FIRST + timedelta(days=number)), sums)
        for number, sums in enumerate(daily)
    ]


def days(dice, length, *, rate=0.03):
    """Entries and flagged ones of some days."""
    return cells([RollupSums(entries=400, error=sum(dice.random() < rate for _ in range(400))) for _ in range(length)])


def arrow(now, before):
    return next(trend.verdict for trend in trends(now, before) if trend.of.name == "flagged")


def test_intervals_are_those_of_the_published_examples():
    """Newcombe 1998b: 56/70 against 48/80 differ by 0.2 (0.0524 to 0.3339); Wilson 1927 for 8 of 10."""
    found = share_difference(Count(56, 70), Count(48, 80))
    assert found.change == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert wilson(8, 10) == pytest.approx((0.8, 0.4902, 0.9433), abs=5e-5)
    assert wilson(0, 0) is None


def test_a_rate_ratio_and_its_interval_turn_round_with_the_periods():
    """Twice as often now is half as often before."""
    there, back = rate_ratio(Count(80, 1000), Count(40, 1000)), rate_ratio(Count(40, 1000), Count(80, 1000))
    assert there.change.value == 2
    assert (1 / there.change.high, 1 / there.change.low) == pytest.approx(back.change[1:], rel=1e-4)
    assert 1.3 < there.change.low < 2 < there.change.high < 3
    none = rate_ratio(Count(0, 1000), Count(20, 1000))
    assert (none.change.value, none.change.low) == (0, 0)


@pytest.mark.parametrize(("length", "wild"), [(30, 0.0), (30, 0.5), (7, 0.5)])
def test_noise_is_told_from_change_as_often_as_is_said(length, wild):
    """Of weeks and months without any change about 1 in 20 has a p below 0.05, also where days differ much (gamma)."""
    dice = np.random.default_rng(3)
    seen = 0
    for _ in range(300):
        rates = 12 * (dice.gamma(1 / wild, wild, (2, length)) if wild else np.ones((2, length)))
        periods = [[Count(int(dice.poisson(rate)), 400) for rate in of_period] for of_period in rates]
        now, before = (Count(sum(one.events for one in of), 400 * length) for of in periods)
        seen += rate_ratio(now, before, dispersion(periods)).p < 0.05
    assert seen / 300 < 0.08


def test_noise_gets_no_arrow():
    """Of 20 pairs of months without any change hardly one does."""
    dice = random.Random(3)
    arrows = [arrow(days(dice, 30), days(dice, 30)) for _ in range(20)]
    assert arrows.count("no change beyond chance") >= 18


def test_a_change_gets_its_arrow():
    """Half again as many, with the same spread of the days; and the same the other way round."""
    dice = random.Random(4)
    less, more = days(dice, 30, rate=0.02), days(dice, 30, rate=0.03)
    assert arrow(more, less) == "\N{UPWARDS ARROW} more"
    assert arrow(less, more) == "\N{DOWNWARDS ARROW} less"


def test_days_that_differ_widen_the_interval():
    """Ten times the variance of chance is told as ten; chance alone as about one, never as less."""
    even = [Count(100, 1000)] * 30
    assert dispersion([even, even]) == 1
    wild = [Count(100 + (31.6 if number % 2 else -31.6), 1000) for number in range(30)]
    assert dispersion([wild, wild]) == pytest.approx(10 * 30 / 29 * (2.0017 / 1.96) ** 2, rel=0.01)
    narrow, wide = (rate_ratio(Count(130, 1000), Count(100, 1000), spread) for spread in (1, 10))
    assert wide.change.high > narrow.change.high
    assert wide.change.low < narrow.change.low
    assert wide.p > narrow.p


def test_comparisons_are_judged_together():
    """A p of 0.02 alone is one; among nine others that say nothing it is none (Holm)."""
    found = [rate_ratio(Count(40, 1000), Count(65, 1000)), *[rate_ratio(Count(50, 1000), Count(50, 1000))] * 9]
    assert 0.005 < found[0].p < 0.05
    assert beyond_chance(found[:1]) == [True]
    assert beyond_chance(found) == [False] * 10
    assert beyond_chance([None, *found[:1]]) == [False, True]


def test_few_events_say_nothing():
    """Four events in both periods, or nothing before."""
    few = cells([RollupSums(entries=1000, error=2)])
    table = trend_table(trends(few, few), heard_before=True)
    assert set(table.column("verdict")) == {"not enough data"}
    alone = trend_table(trends(few, []), heard_before=False)
    assert set(alone.column("verdict")) == {"not enough data"}
    assert alone.note.startswith("Nothing was heard in the period before")

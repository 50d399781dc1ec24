"""A pump that falls silent while it infuses on battery is told of by the clock of the others."""

import pytest

from streams.power.partition import PowerPartition
from tests.made_power import Pump, at, closed


def others_go_on(partition, start, end, *, pumps=12, offset=10_000):
    """A dozen pumps on mains, a heartbeat a minute each; what their events lead to."""
    told = []
    fleet = [Pump(f"other-{number}") for number in range(pumps)]
    for minute in range(start, end):
        for number, pump in enumerate(fleet):
            pump.made = minute * 10
            told += partition.apply(pump.mains(minute + number / pumps), offset + minute * pumps + number)
    return told


def fallen_silent(partition):
    """A pump on battery from 08:00 to 08:10, then nothing; the others until 08:10."""
    pump = Pump()
    events = {minute: pump.battery(minute, 90) for minute in range(10)}
    told = []
    for minute in range(10):
        told += others_go_on(partition, minute, minute + 1)
        told += partition.apply(events[minute], minute)
    return pump, told


def test_silence_on_battery_is_told_within_minutes_and_again():
    """Its episode stays open: nobody knows whether it still runs."""
    partition = PowerPartition()
    fallen_silent(partition)
    told = others_go_on(partition, 10, 60)
    assert [r.silent_since for r in told] == [at(9)] * len(told)
    assert at(15) <= told[0].at <= at(19)
    assert 2 <= len(told) <= 4
    assert all(r.ended_at is None and r.pump == "P1" for r in told)


def test_a_pump_that_is_heard_again_within_a_quarter_of_an_hour_goes_on():
    """At once, with no minute lost."""
    partition = PowerPartition()
    pump, _ = fallen_silent(partition)
    assert others_go_on(partition, 10, 20)
    [again] = partition.apply(pump.battery(20, 87), 900)
    assert (again.silent_since, again.minutes, again.ended_at) == (None, 20, None)


def test_a_pump_on_mains_or_not_infusing_may_be_silent():
    """Whoever switches a pump off means no harm."""
    partition = PowerPartition()
    pump = Pump()
    for minute in range(10):
        others_go_on(partition, minute, minute + 1)
        partition.apply(pump.mains(minute), minute)
    assert others_go_on(partition, 10, 60) == []


def test_one_pump_with_a_wrong_clock_does_not_make_the_others_look_silent():
    """It is twenty hours ahead."""
    partition = PowerPartition()
    wrong, right = Pump("wrong"), Pump()
    told = []
    for minute in range(40):
        told += others_go_on(partition, minute, minute + 1)
        told += partition.apply(wrong.mains(1200 + minute), minute)
        told += partition.apply(right.battery(minute), minute)
    assert [r.silent_since for r in told] == [None] * len(told)


def test_a_pump_whose_own_clock_is_wrong_is_heard_by_when_it_speaks():
    """Three hours behind the others."""
    partition = PowerPartition()
    behind = Pump()
    told = []
    for minute in range(200, 240):
        told += others_go_on(partition, minute, minute + 1)
        told += partition.apply(behind.battery(minute - 180), minute)
    assert [r.silent_since for r in told] == [None] * len(told)


def test_a_silence_outlives_a_restart():
    """The last revision that is read back says so; heard on mains an hour later, the episode ended at its last word."""
    partition = PowerPartition()
    pump, told = fallen_silent(partition)
    told += others_go_on(partition, 10, 40)
    restarted = PowerPartition()
    restarted.restore([(revision, 500) for revision in told])
    assert restarted.open_episodes == 1
    others_go_on(restarted, 41, 68)
    told = []
    for minute in (70, 73, 76):
        told += restarted.apply(pump.mains(minute), 2000 + minute)
    [end] = closed(told)
    assert (end.ended_at, end.cause, end.silent_since) == (at(9), "unknown", None)


def test_a_pump_that_is_restored_is_listened_for():
    """Taken up after a restart and never heard of: told as silent."""
    partition = PowerPartition()
    _, told = fallen_silent(partition)
    restarted = PowerPartition()
    restarted.restore([(revision, 500) for revision in told])
    silent = others_go_on(restarted, 11, 40)
    assert silent
    assert silent[0].silent_since is not None


def alone(partition, minutes=10):
    """A pump that is the only one of its partition, on battery from 08:00 on; what its events lead to."""
    pump = Pump()
    told = []
    for minute in range(minutes):
        told += partition.apply(pump.battery(minute, 90 - minute / 4), minute)
    return pump, told


def test_a_pump_alone_in_its_partition_is_missed_by_the_readers_clock():
    """After six minutes in which nothing came, and again after twenty more."""
    partition = PowerPartition()
    alone(partition)
    told = {still_s: partition.still(still_s) for still_s in range(0, 2000, 15)}
    first, again = [still_s for still_s, revisions in told.items() if revisions]
    assert (first, again) == (360, 1560)
    [silent] = told[first]
    assert (silent.silent_since, silent.at, silent.ended_at, silent.pump) == (at(9), at(15), None, "P1")


def test_a_few_events_are_enough_for_the_readers_clock():
    """Before the pumps' own clock has ticked for the first time."""
    partition = PowerPartition()
    alone(partition, minutes=2)
    assert partition.still(359) == []
    assert [r.silent_since for r in partition.still(360)] == [at(1)]


@pytest.mark.parametrize("minutes", range(2, 75, 4))
def test_however_long_a_pump_was_heard_it_is_missed_after_the_same_time(minutes):
    """The clock by which pumps are looked at ticks every few events and may be minutes behind what it was heard at."""
    partition = PowerPartition()
    alone(partition, minutes=minutes)
    assert partition.still(359) == []
    assert [r.silent_since for r in partition.still(360)] == [at(minutes - 1)]


def test_what_was_told_by_the_readers_clock_leaves_no_trace_in_the_episode():
    """Heard again, the pump goes on, and its end is as if nobody had listened."""
    listened, deaf = PowerPartition(), PowerPartition()
    ends = []
    for partition in (listened, deaf):
        pump, _ = alone(partition)
        if partition is listened:
            assert len(partition.still(500)) == 1
        told = []
        for minute in (19, *range(20, 40)):
            told += partition.apply(pump.battery(minute, 85), 100 + minute)
        assert [r.silent_since for r in told] == [None] * len(told)
        assert partition.still(300) == []
        for minute in (40, 43, 46, 49):
            told += partition.apply(pump.mains(minute), 100 + minute)
        [end] = closed(told)
        ends.append((end.started_at, end.ended_at, end.minutes, end.cause, end.charge_min))
    assert ends[0] == ends[1] == (at(0), at(40), 40, "practice", 85)


def test_a_pump_on_mains_is_not_missed_by_the_readers_clock():
    """Nor one that stopped infusing."""
    partition = PowerPartition()
    pump, _ = alone(partition)
    partition.apply(pump.mains(10), 10)
    assert partition.still(3600) == []


def test_time_that_passed_for_the_others_too_counts_before_the_reader_went_without():
    """Silent for some minutes before the last of the others spoke: told so much sooner."""
    partition = PowerPartition()
    fallen_silent(partition)
    others_go_on(partition, 10, 14)
    assert partition.still(30) == []
    assert [r.silent_since for r in partition.still(240)] == [at(9)]


def test_a_silence_told_by_the_readers_clock_outlives_a_restart():
    """It is not told twice, but again after twenty minutes; a pump not told of yet is listened for anew."""
    partition = PowerPartition()
    _, told = alone(partition)
    told += partition.still(400)
    restarted = PowerPartition()
    restarted.restore([(revision, 9) for revision in told])
    assert restarted.still(370) == []
    [again] = restarted.still(1700)
    assert (again.silent_since, again.revision) == (at(9), told[-1].revision + 1)


@pytest.mark.parametrize("others", [2, 12, 60])
def test_after_an_hour_in_which_nobody_was_heard_nobody_that_speaks_is_missed(others):
    """The clock leaps over that hour; who spoke after it is not silent since before it."""
    partition = PowerPartition()
    pump = Pump()
    told = []
    for minute in (*range(20), *range(80, 110)):
        told += partition.apply(pump.battery(minute, 90), minute)
        told += others_go_on(partition, minute, minute + 1, pumps=others)
    assert [r.silent_since for r in told] == [None] * len(told)

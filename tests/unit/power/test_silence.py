"""A pump that falls silent while it infuses on battery is told of by the clock of the others."""

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

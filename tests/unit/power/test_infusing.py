"""Minutes of infusing by place, model and hour: what is unplugged is a share of them."""

import pytest

from streams.power.partition import PowerPartition
from streams.rollups.infusing import InfusingCells
from tests.made_power import Pump, at, play


def minutes(partition):
    """What was added up, by hour after 08:00."""
    hour = int(at(0).timestamp()) // 3600
    return {one.hour - hour: (round(one.minutes), round(one.on_battery)) for one in partition.infusing.take()}


def test_minutes_are_added_by_hour_and_those_on_battery_apart():
    """Two hours of infusing, of them 30 minutes on battery."""
    pump, partition = Pump(), PowerPartition()
    events = [pump.battery(m) if 40 <= m < 70 else pump.mains(m) for m in range(121)]
    play(partition, [*events, pump.mains(121, infusing=False)])
    sums = minutes(partition)
    assert sum(total for total, _ in sums.values()) == 121
    assert sum(unplugged for _, unplugged in sums.values()) == 30
    # A time belongs to the hour in which it began, in steps of less than nine minutes.
    assert sums[0][0] == pytest.approx(60, abs=9)


def test_a_pump_that_does_not_infuse_or_is_silent_adds_nothing():
    """Idle for half an hour, and a gap of more than a quarter of an hour."""
    pump, partition = Pump(), PowerPartition()
    events = [*(pump.mains(m, infusing=False) for m in range(30)), *(pump.mains(m) for m in (30, 31, 32, 60))]
    play(partition, [*events, pump.mains(61, infusing=False)])
    assert sum(total for total, _ in minutes(partition).values()) == 3


def test_cells_go_on_after_a_restart_and_add_nothing_twice():
    """The fence is the offset of the last power record in the sums."""
    pump, partition = Pump(), PowerPartition()
    events = [pump.mains(m) for m in range(60)]
    play(partition, events[:30])
    cells = InfusingCells(3)
    cells.add(partition.infusing.take(), 29)
    published = cells.take_changed()
    assert {(r.drug, r.model, r.partition) for r in published} == {("- spectrum", "spectrum", 3)}
    again = InfusingCells(3)
    again.restore(published)
    assert again.through == 29
    restarted = PowerPartition()
    restarted.infusing.through = again.through
    play(restarted, events[:30])
    assert restarted.infusing.take() == []
    play(restarted, events[30:], 30)
    again.add(restarted.infusing.take(), 59)
    total = sum(r.infusing_minutes for r in again.take_changed())
    assert published[0].infusing_minutes < total <= 60

"""Sums of power for benchmarks: deep discharges, low alarms that were avoidable, and minutes of infusing by model."""

import pytest

from streams.power.infusing import Infused
from streams.rollups.cell import rollup_key
from streams.rollups.infusing import KEPT_HOURS, InfusingCells
from streams.rollups.partition import RollupPartition
from tests.made_alerts import episode
from tests.made_power import at

HOUR = int(at(0).timestamp()) // 3600


@pytest.mark.parametrize(
    ("changes", "deep", "low", "avoidable"),
    [
        ({"charge_min": 20.0}, 0, 0, 0),
        ({"charge_min": 19.9}, 1, 0, 0),
        ({"charge_min": 35.0, "low_alarm": True, "depleted": True}, 1, 1, 1),
        ({"low_alarm": True, "cause": "transport"}, 0, 1, 0),
        ({"low_alarm": True, "cause": "battery_fault"}, 0, 1, 0),
    ],
)
def test_a_closed_episode_counts_its_alarms_and_depth(changes, deep, low, avoidable):
    """Avoidable is a low alarm of a pump that was left unplugged without need."""
    sums = RollupPartition(0)
    sums.apply_episode(episode(60, 4, ended_at=at(60), **changes), (7, 0))
    [rollup] = sums.take_changed()
    assert (rollup.deep_discharges, rollup.low_alarms, rollup.avoidable_low_alarms) == (deep, low, avoidable)


def test_minutes_of_infusing_stand_under_the_model_in_cells_of_their_own():
    """Their key is no other rollup's, and the rollup agent leaves them alone."""
    cells = InfusingCells(3)
    cells.add([Infused("st-test", "MICU", "spectrum", HOUR, 55.5, 10.25)], 41)
    cells.add([Infused("st-test", "MICU", "spectrum", HOUR, 4.5, 0.0)], 52)
    [rollup] = cells.take_changed()
    assert (rollup.infusing_minutes, rollup.battery_minutes, rollup.hour) == (60, 10.25, at(0))
    assert rollup_key(rollup) == "st-test/MICU/- spectrum/2026-11-23T08Z/3"
    assert rollup.through == {"pump.power.v1": (52, 0)}
    assert cells.take_changed() == []
    others = RollupPartition(3)
    others.restore([rollup])
    assert len(others) == 0


def test_the_same_sums_have_the_same_id():
    """A rollup sent twice is known by its id."""
    ids = set()
    for _ in range(2):
        cells = InfusingCells(3)
        cells.add([Infused("st-test", "MICU", "spectrum", HOUR, 5.0, 0.0)], 41)
        ids |= {rollup.id for rollup in cells.take_changed()}
    assert len(ids) == 1


def test_hours_long_past_leave_memory_and_are_not_begun_again():
    """A new cell would replace the true sums of that hour in the compacted topic."""
    cells = InfusingCells(3)
    for hour in range(HOUR, HOUR + 100):
        cells.add([Infused("st-test", "MICU", "spectrum", hour, 5.0, 0.0)], hour)
        cells.take_changed()
    assert len(cells) == KEPT_HOURS + 1
    cells.add([Infused("st-test", "MICU", "spectrum", HOUR, 5.0, 0.0)], 10**6)
    assert cells.take_changed() == []


def test_of_the_states_of_a_cell_the_furthest_counts_and_not_the_last():
    """A worker that had to let go may have told its sums after its successor did."""
    cells = InfusingCells(3)
    infused = Infused("H", "MICU", "8015", 491_000, 10.0, 1.0)
    cells.add([infused], offset=5)
    [early] = cells.take_changed()
    cells.add([infused], offset=9)
    [late] = cells.take_changed()
    restored = InfusingCells(3)
    restored.restore([late, early])
    assert restored.through == 9
    restored.add([infused], offset=12)
    assert [rollup.infusing_minutes for rollup in restored.take_changed()] == [30.0]

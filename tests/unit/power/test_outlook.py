"""Minutes to empty: from the pump's own discharge, its load, and what its battery held before."""

import pytest

from streams.power.partition import PowerPartition
from tests.made_battery import HOURLY, discharge
from tests.made_power import Pump, at, play


def minutes_off(revisions, empty):
    """How far the prediction of each revision is from the truth, in minutes; `empty` in minutes after 08:00."""
    return [abs((r.empty_at - at(empty)).total_seconds()) / 60 for r in revisions if r.empty_at is not None]


def test_a_new_battery_is_foreseen_within_minutes_and_its_interval_holds_the_end():
    """Six hours at 25 mL/h; in the last hour the prediction is off by six minutes at most."""
    empty = 100 / HOURLY * 60
    revisions = play(PowerPartition(), discharge(Pump(), 0, 340))
    late = [r for r in revisions if at(empty - 60) <= r.at <= at(330)]
    assert late
    assert max(minutes_off(late, empty)) < 6
    assert all(r.empty_from <= at(empty) <= r.empty_to for r in late if not r.low_alarm and r.empty_at)


def test_a_higher_rate_brings_the_end_nearer_at_once():
    """The slope is counted a point and not a minute, so it holds when the flow changes."""
    pump, partition = Pump(), PowerPartition()
    before = play(partition, [pump.battery(m, 100 - HOURLY * m / 60) for m in range(60)])
    quick = {"rate_ml_h": 999.0, "channels_running": 4}
    after = play(partition, [pump.battery(60 + m, 83 - 0.83 * m, **quick) for m in range(3)])
    assert (before[-1].empty_at - at(60)).total_seconds() > 4 * 3600
    # Four channels at 999 mL/h take 48.7 points an hour by the published plane.
    assert (after[-1].empty_at - at(61)).total_seconds() / 60 == pytest.approx(83 / 48.7 * 60, rel=0.15)


def test_a_gauge_that_lied_once_is_not_believed_again():
    """It shows 40 % when the battery is empty; after the first depletion the end is foreseen from the battery."""
    pump, partition = Pump(), PowerPartition()
    lying = {"health": 0.6, "believed": 1.0}
    play(partition, discharge(pump, 0, 400, **lying))
    play(partition, [pump.mains(m) for m in range(230, 600, 5)])
    second = play(partition, discharge(pump, 600, 400, **lying))
    empty = 600 + 60 / HOURLY * 60
    ahead = [r for r in second if at(empty - 90) <= r.at <= at(empty - 35)]
    assert ahead
    assert max(minutes_off(ahead, empty)) < 12


def test_cycles_that_the_pump_reports_make_a_gauge_suspect_before_it_has_lied():
    """Two pumps with the same gauge: the earliest end of the older battery comes sooner."""
    told = {}
    for name, cycles in (("new", 20), ("old", 420)):
        reports = {"full_capacity_mah": 1800.0, "design_capacity_mah": 1928.0, "cycles": cycles}
        events = [pump.battery(m, 100 - m // 4, **reports) for pump in [Pump(name)] for m in range(60)]
        told[name] = play(PowerPartition(), events)[-1]
    assert told["old"].empty_from < told["new"].empty_from
    assert told["old"].empty_at < told["new"].empty_at


def test_the_pumps_own_alarm_is_the_latest_end():
    """Low means 30 minutes, whatever the gauge shows."""
    pump = Pump()
    events = [*(pump.battery(m, 90) for m in range(10)), pump.battery(10, 90, kind="low")]
    assert play(PowerPartition(), events)[-1].empty_at <= at(40)


def test_a_charged_battery_begins_anew():
    """On mains for a minute and up by ten points: the slope of before says nothing."""
    pump = Pump()
    events = [*(pump.battery(m, 60 - m // 4) for m in range(20)), *(pump.mains(m, charge_pct=60) for m in (20, 21, 22))]
    partition = PowerPartition()
    play(partition, events)
    begun = play(partition, [pump.battery(40, 70)])[-1]
    assert begun.revision == 1
    assert (begun.empty_at - at(40)).total_seconds() > 2 * 3600

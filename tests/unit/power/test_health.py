"""How worn a battery is, with what certainty, and that a unit's own ways are not held against its batteries."""

import pytest

from streams.power.battery import Battery
from streams.power.cells import Cells
from streams.power.drain import Models, points_an_hour
from streams.power.health import health_of
from streams.power.partition import PowerPartition
from tests.made_battery import HOURLY, discharge
from tests.made_power import Pump, closed, play


def verdicts(pump, partition, lengths, **battery):
    """The verdict at the end of each discharge; hours of charging between them."""
    found, start = [], 0
    for minutes in lengths:
        ends = closed(play(partition, discharge(pump, start, minutes, **battery)))
        found += [end.battery for end in ends]
        start += minutes + 600
        play(partition, [pump.mains(start - 300)])
    return found


def test_a_battery_of_which_little_was_seen_has_no_verdict():
    """Half an hour says nothing: not enough data is a verdict."""
    [first] = verdicts(Pump(), PowerPartition(), [30])
    assert (first.verdict, first.discharges) == ("not_enough_data", 1)


def test_a_battery_that_ran_for_hours_is_sound():
    """Five hours without a low alarm are proof, whatever the gauge believes."""
    found = verdicts(Pump(), PowerPartition(), [300, 300])
    assert found[-1].verdict == "sound"
    assert found[-1].capacity > 0.85


def test_a_worn_battery_is_found_by_its_low_alarm_and_named_with_its_evidence():
    """Half the capacity, and a gauge that does not know of it."""
    found = verdicts(Pump(), PowerPartition(), [160, 170, 160], health=0.5, believed=1.0)
    last = found[-1]
    assert last.verdict == "degraded"
    assert last.low <= 0.5 <= last.high
    assert last.capacity == pytest.approx(0.5, abs=0.08)
    assert any("low alarm came at more than 20 %" in said for said in last.evidence)


def test_an_honest_gauge_of_a_worn_battery_falls_faster():
    """It knows of the wear; no alarm is needed."""
    found = verdicts(Pump(), PowerPartition(), [90, 90, 90], health=0.55)
    assert found[-1].verdict == "degraded"


def test_a_capacity_reported_below_four_fifths_is_worn():
    """A gauge never believes too little of its battery."""
    reports = {"full_capacity_mah": 1440.0, "design_capacity_mah": 1928.0}
    found = verdicts(Pump(), PowerPartition(), [40], health=0.747, **reports)
    assert found[-1].verdict == "degraded"


def test_a_new_battery_in_the_same_pump_is_sound_again():
    """What it gave is proof against what the old one held."""
    pump, partition = Pump(), PowerPartition()
    assert verdicts(pump, partition, [160, 160], health=0.5, believed=1.0)[-1].verdict == "degraded"
    start, found = 5000, []
    for _ in range(3):
        found += [end.battery for end in closed(play(partition, discharge(pump, start, 290)))]
        start += 900
    assert found[-1].verdict == "sound"


def test_a_model_that_takes_more_is_not_held_for_worn():
    """Twenty pumps whose gauges fall by a third more: that is their model."""
    partition, found = PowerPartition(), []
    for number in range(20):
        pump = Pump(f"P{number}", model="hungry")
        events = [pump.battery(m, 100 - 1.33 * HOURLY * m / 60) for m in range(120)]
        events += [pump.mains(120 + m) for m in (0, 3, 6)]
        found += [end.battery.verdict for end in closed(play(partition, events))]
    assert "degraded" not in found[10:]


def test_what_belongs_to_a_unit_and_shift_is_taken_from_its_batteries():
    """All batteries of one ward fall faster there; the ward's effect is found, and that of other units stays 0."""
    cells = Cells()
    ward, other = ("st-test", "Ward", 1), ("st-test", "ICU", 1)
    for _ in range(40):
        cells.add(ward, 20.0, 0.2 - cells.effect(ward) + cells.effect(ward))
        cells.add(other, 20.0, 0.0)
    assert cells.effect(ward) == pytest.approx(0.2, abs=0.04)
    assert cells.effect(other) == 0


def test_the_usual_drain_of_a_model_is_its_median():
    """One worn battery in ten does not move it."""
    models = Models()
    for number in range(100):
        models.hear("m", 1.2 if number % 10 else 3.0, 1.0)
    assert models.scale("m") == pytest.approx(1.2, rel=0.02)


def test_the_published_pump_is_the_measure():
    """6 h with one channel at 25 mL/h, 3 h with four, 1 h with four at 999 mL/h (the last within the plane's fit)."""
    assert 100 / points_an_hour(25, 1) == pytest.approx(6, rel=0.01)
    assert 100 / points_an_hour(100, 4) == pytest.approx(3, rel=0.1)


def test_what_is_known_of_a_battery_is_the_same_after_a_restart():
    """A published verdict gives back what it holds and how its gauge falls."""
    battery = Battery()
    battery.add(60.0, 72.0)
    battery.learn(55.0, 1.0)
    again = Battery.recalled(health_of(battery, 1.0))
    assert again.usable == pytest.approx(55, abs=0.01)
    assert again.slope(1.0) == pytest.approx(battery.slope(1.0), rel=0.03)
    assert Battery.unpacked(battery.packed()).packed() == battery.packed()


@pytest.mark.parametrize(("believed", "verdict"), [(0.74, "degraded"), (0.84, "not_enough_data")])
def test_a_gauge_that_knows_of_much_wear_has_missed_as_much_again(believed, verdict):
    """Where no discharge came near its end: three quarters believed are less in truth, and 84 % prove nothing."""
    battery = Battery(discharges=8, energy=300.0, gauge=300.0 / believed)
    assert health_of(battery, 1.0).verdict == verdict
    assert health_of(battery, 1.0).capacity == pytest.approx(believed, abs=0.01)


def test_a_battery_that_dies_on_a_full_gauge_is_worn_beyond_doubt():
    """The worst there is: its first word on battery is that it is empty. It is told, and taken up after a restart."""
    partition = PowerPartition()
    pump = Pump()
    told = play(partition, [pump.mains(0, charge_pct=100.0), pump.battery(1, 100.0, kind="depleted")])
    assert [(end.depleted, end.battery.verdict) for end in told[-1:]] == [(True, "degraded")]
    assert told[-1].battery.capacity == 0
    other = PowerPartition()
    other.remember("P1", told[-1].battery)
    again = play(other, [pump.mains(60), pump.battery(61, 100.0), pump.battery(62, 99.0, kind="depleted")])
    assert [revision.battery.verdict for revision in again[-1:]] == ["degraded"]

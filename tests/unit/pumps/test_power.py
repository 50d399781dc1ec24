"""Batteries run as long as published, and units have their habits."""

from collections import Counter
from random import Random

import pytest

from services.pumps.fleet import Fleet
from services.pumps.power import BATTERY, Batteries, often, shift_at

DAY = 1440


def battery(figures, channels, ml_h, health=1.0):
    fleet = Fleet(1, 1, 1, figures)
    pump = fleet.pump(0)._replace(health=health)
    batteries = Batteries(1, 1, figures.power)
    batteries.charge[0] = 100.0
    batteries.running[0], batteries.rate_ml_h[0] = channels, ml_h
    batteries.unplug(0, away=False)
    return pump, batteries


@pytest.mark.parametrize(("channels", "ml_h", "hours"), [(1, 25, 6), (4, 100, 3), (4, 3996, 1)])
def test_a_new_battery_lasts_as_published(figures, channels, ml_h, hours):
    """Alaris 8015: 6 h with one module at 25 mL/h, 3 h with four, 1 h with four at 999 mL/h."""
    pump, batteries = battery(figures, channels, ml_h)
    minutes = 0
    alarms = {}
    while "depleted" not in alarms:
        minutes += 1
        alarm = batteries.minute(pump)
        if alarm:
            alarms[alarm] = minutes
    assert alarms["depleted"] == pytest.approx(hours * 60, abs=2)
    assert alarms["depleted"] - alarms["low"] == pytest.approx(30, abs=1)
    assert alarms["depleted"] - alarms["very_low"] == pytest.approx(15, abs=1)


def test_a_worn_battery_alarms_at_a_higher_charge_and_is_overrated_by_its_gauge(figures):
    """At 40% of its capacity the low alarm comes above 20% charge, while the gauge still promises over an hour."""
    pump, batteries = battery(figures, 1, 25, health=0.4)
    while batteries.minute(pump) != "low":
        pass
    assert batteries.charge[0] > 20
    assert batteries.gauge_minutes(0) > 60


def test_a_pump_on_mains_charges_at_the_published_pace(figures):
    """B. Braun's simulator: 40% an hour."""
    pump, batteries = battery(figures, 1, 25)
    batteries.charge[0] = 50.0
    batteries.plug(0)
    for _ in range(60):
        assert batteries.minute(pump) is None
    assert batteries.charge[0] == pytest.approx(90, abs=0.01)
    assert batteries.gauge_minutes(0) is None
    assert not batteries.flags[0] & BATTERY


def test_units_and_shifts_have_their_habits(figures):
    """Unplugged out of habit as often as configured, by care area and shift, within a fifth."""
    fleet = Fleet(3000, 3, 1, figures)
    batteries = Batteries(3000, 1, often(figures.power, 10))
    dice, found, pumps = Random(), Counter(), Counter()
    for number in range(3000):
        pump = fleet.pump(number)
        pumps[pump.care_area] += 1
        for minute in range(60):
            for shift in ("day", "night"):
                hit = batteries.unplugging(pump, minute * 2 + (shift == "day"), shift, dice)
                if hit and hit.why == "practice":
                    found[pump.care_area, shift] += 1
    for (area, shift), times in found.items():
        expected = figures.power.habits[area][shift] * 10 * pumps[area] * 60 / DAY
        assert times == pytest.approx(expected, rel=0.2, abs=4 * expected**0.5), (area, shift)
    assert found["Medical Ward", "day"] > 3 * found["CCU", "day"]


def test_never_means_never(figures):
    fleet, batteries = Fleet(200, 3, 1, figures), Batteries(200, 1, often(figures.power, 0))
    assert not any(
        batteries.unplugging(fleet.pump(number), minute, "day", Random())
        for number in range(200)
        for minute in range(50)
    )


def test_shifts_change_at_seven_fifteen_and_twenty_three():
    hours = {hour: shift_at(hour * 3_600_000) for hour in range(24)}
    assert [hour for hour in hours if hours[hour] == "day"] == list(range(7, 15))
    assert [hour for hour in hours if hours[hour] == "evening"] == list(range(15, 23))
    assert hours[23] == hours[6] == "night"

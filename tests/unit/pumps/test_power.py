"""Batteries run as long as published, wear as published, and their gauges lie as described."""

import itertools
from random import Random
from statistics import median

import msgspec
import pytest

from services.pumps.fleet import Fleet
from services.pumps.power import BATTERY, Batteries
from services.pumps.wear import Wear, use_of


@pytest.fixture
def even(figures):
    """Pumps that all take exactly what is published, as no two in a hospital do."""
    return msgspec.structs.replace(figures.power, model_drain={}, drain_log_sd=0.0, drain_noise=0.0)


def on_battery(figures, power, channels, ml_h, health=1.0, misses=0.0):
    """A full battery of this health that has just been unplugged, and its pump."""
    pump = Fleet(1, 1, 1, figures).pump(0)
    batteries = Batteries(1, 1, power)
    batteries.age(0, health, misses)
    batteries.running[0], batteries.rate_ml_h[0] = channels, ml_h
    batteries.unplug(0)
    return pump, batteries


def run_down(pump, batteries):
    """Minutes until each alarm, and the gauge minute by minute."""
    alarms, gauge = {}, [batteries.gauge[0]]
    while "depleted" not in alarms:
        alarm = batteries.minute(pump, len(gauge))
        if alarm:
            alarms[alarm] = len(gauge)
        gauge.append(batteries.gauge[0])
    return alarms, gauge


@pytest.mark.parametrize(("channels", "ml_h", "hours"), [(1, 25, 6), (4, 100, 3), (4, 3996, 1)])
def test_a_new_battery_lasts_as_published(figures, even, channels, ml_h, hours):
    """Alaris 8015: 6 h with one module at 25 mL/h, 3 h with four, 1 h with four at 999 mL/h."""
    alarms, _ = run_down(*on_battery(figures, even, channels, ml_h))
    assert alarms["depleted"] == pytest.approx(hours * 60, abs=2)
    assert alarms["depleted"] - alarms["low"] == pytest.approx(30, abs=1)
    assert alarms["depleted"] - alarms["very_low"] == pytest.approx(15, abs=1)


def test_a_gauge_that_knows_its_battery_falls_straight_to_nothing(figures, even):
    """At half the capacity and half the time; no minute differs from the others by more than half a point."""
    alarms, gauge = run_down(*on_battery(figures, even, 1, 25, health=0.5))
    assert alarms["depleted"] == pytest.approx(180, abs=2)
    falls = [before - after for before, after in itertools.pairwise(gauge)][:-2]
    assert max(falls) - min(falls) < 0.5


def test_a_gauge_that_missed_the_wear_jumps_and_learns(figures, even):
    """Half of the capacity is gone and unnoticed: over 40% is shown, then it jumps by over 20 points to the truth."""
    pump, batteries = on_battery(figures, even, 1, 25, health=0.5, misses=1.0)
    alarms, gauge = run_down(pump, batteries)
    falls = [before - after for before, after in itertools.pairwise(gauge)]
    jump = max(falls)
    at = falls.index(jump)
    assert gauge[at] > 40
    assert jump > 20
    assert alarms["depleted"] - at == pytest.approx(180 * batteries.nature(0).knee, abs=3)
    assert batteries.believed(0) == pytest.approx(1 - figures.power.gauge.relearns * 0.5, abs=0.01)


def test_a_worn_battery_alarms_late_and_at_a_high_charge(figures, even):
    """Of fifty worn batteries every low alarm comes above 20% charge, and some come with under 20 minutes left."""
    lefts = []
    for seed in range(50):
        pump, batteries = on_battery(figures, even, 1, 25, health=0.45, misses=0.8)
        batteries._seed = seed
        while batteries.minute(pump) != "low":
            pass
        lefts.append(batteries.minutes_left(pump))
        assert batteries.gauge[0] > 20 or batteries.flags[0] & 16
        assert batteries.new_minutes(pump) > 120
    assert max(lefts) < 31
    assert min(lefts) < 20


def test_a_pump_on_mains_charges_at_the_published_pace(figures, even):
    """B. Braun's simulator: 40% an hour."""
    pump, batteries = on_battery(figures, even, 1, 25)
    batteries.spend(0, 50.0)
    batteries.plug(0)
    for _ in range(60):
        assert batteries.minute(pump) is None
    assert batteries.charge[0] == pytest.approx(90, abs=0.1)
    assert batteries.gauge[0] == pytest.approx(90, abs=0.1)
    assert batteries.gauge_minutes(pump) is None
    assert not batteries.flags[0] & BATTERY


def test_a_worn_battery_is_full_sooner_and_its_gauge_jumps_up(figures, even):
    """At half of its capacity it charges from empty in 75 minutes; a gauge that does not know shows half until then."""
    pump, batteries = on_battery(figures, even, 1, 25, health=0.5, misses=1.0)
    batteries.spend(0, 60.0)
    batteries.gauge[0] = 0.0
    batteries.plug(0)
    shown = []
    while batteries.gauge[0] < 100:
        batteries.minute(pump)
        shown.append(batteries.gauge[0])
    assert len(shown) == pytest.approx(75, abs=2)
    assert shown[-2] == pytest.approx(50, abs=3)


@pytest.mark.parametrize(
    ("depth", "fewest", "most"), [(1, 300, 500), (0.5, 1200, 1500), (0.25, 2000, 2500), (0.1, 3750, 4700)]
)
def test_cycles_are_those_published_and_between(figures, depth, fewest, most):
    """At the published depths within the published span; at a depth between two, between theirs."""
    wear = Wear(figures.power.ageing)
    assert fewest <= wear.cycles(depth) <= most
    assert wear.cycles(depth) < wear.cycles(depth * 0.8)
    assert wear.lost(depth) * wear.cycles(depth) == pytest.approx(0.3)


def test_discharges_wear_a_battery_as_published(figures, even):
    """Two hundred and fifty full discharges take 0.3 x 250 / 387 of the capacity from a battery of usual luck."""
    power = msgspec.structs.replace(even, ageing=msgspec.structs.replace(even.ageing, luck_log_sd=0.0))
    pump, batteries = on_battery(figures, power, 1, 25)
    for _ in range(250):
        batteries.age(0, batteries.health(0), 0.0)
        batteries.unplug(0)
        batteries._unplugged_at[0] = 60_000
        batteries.charge[0] = 0.0
        batteries.plug(0)
    assert 1 - batteries.health(0) == pytest.approx(0.3 * 250 / 387, rel=0.02)
    assert pump.number == 0


def test_units_with_a_habit_have_the_worn_batteries(figures):
    """Where pumps are left unplugged batteries have lost most; a few everywhere are duds."""
    fleet, batteries = Fleet(6000, 3, 1, figures), Batteries(6000, 1, figures.power)
    health = {}
    for number in range(6000):
        pump = fleet.pump(number)
        batteries.start(pump)
        health.setdefault(pump.care_area, []).append(batteries.health(number))
    assert median(health["Medical Ward"]) < median(health["SICU"]) < median(health["CCU"])
    everything = [one for unit in health.values() for one in unit]
    assert 0.05 < sum(one < 0.7 for one in everything) / 6000 < 0.15
    assert 0.02 < sum(one < 0.8 for one in health["CCU"]) / len(health["CCU"]) < 0.1


def test_the_life_before_does_not_depend_on_how_busy_the_days_are(figures):
    """Twice as many plugs pulled in the simulation leave the batteries that it begins with as they were."""
    pump = Fleet(1, 1, 1, figures).pump(0)
    assert use_of(pump, figures.power) == use_of(pump, msgspec.structs.replace(figures.power, busy=2.0))


def test_a_life_takes_what_its_cycles_take(figures):
    """Without luck, duds and calendar: years times the share of a life that each year's cycles are."""
    ageing = msgspec.structs.replace(figures.power.ageing, duds=0.0, calendar=0.0, luck_log_sd=0.0)
    wear = Wear(ageing)
    lives = [wear.lived(Random(seed), [(500, 0.5)], 1.0) for seed in range(300)]
    lived = [health for health, _ in lives]
    assert 1 - min(lived) == pytest.approx(5 * 500 * wear.lost(0.5), rel=0.03)
    assert max(lived) > 0.99
    assert max(cycles for _, cycles in lives) == pytest.approx(5 * 500 * 0.5, rel=0.03)

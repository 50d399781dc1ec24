"""Each true cause leaves its own pattern in the events of its pump, and its line in the side file."""

from collections import defaultdict
from itertools import pairwise
from statistics import median

import msgspec
import pytest

from schemas import codec, topics
from services.pumps.plugs import PLACES
from services.pumps.simulator import simulated
from services.pumps.truth import AlarmTruth, GaugeTruth, MainsTruth, PowerTruth
from tests.unit.pumps.conftest import START_MS

HOUR_MS = 3_600_000
NOBODY = {"transports_per_day": 0.0, "mri_per_day": 0.0, "flaps_per_day": 0.0, "failures_per_year": 0.0}


def run(figures, *, pumps=80, hours=8, seed=3, habit=0.0, **power):
    """The power events of each pump in order, and the truths, of a fleet in which only this happens."""
    truths, events = [], defaultdict(list)
    power["habits"] = {area: dict.fromkeys(("day", "evening", "night"), habit) for area in figures.power.habits}
    traffic = simulated(
        pumps=pumps,
        hospitals=2,
        seed=seed,
        start_ms=START_MS,
        behaviour=msgspec.structs.replace(figures, power=msgspec.structs.replace(figures.power, **(NOBODY | power))),
        slip_rate=0.0,
        tell=truths.append,
    )
    for topic, pump, event, at_ms in traffic.records():
        if at_ms >= START_MS + hours * HOUR_MS:
            return events, truths
        if topic == topics.POWER:
            events[pump].append(event)
    raise AssertionError("a fleet never ends")


def stretches(events, truths):
    """Each true time on battery that ended, with the pump's events meanwhile."""
    begun = {}
    for truth in truths:
        if isinstance(truth, PowerTruth):
            begun[truth.pump] = truth
        elif isinstance(truth, MainsTruth) and truth.pump in begun:
            power = begun.pop(truth.pump)
            yield power, truth, [event for event in events[truth.pump] if power.at <= event.at < truth.at]


@pytest.mark.parametrize(("share", "named"), [(1.0, True), (0.0, False)])
def test_a_journey_names_another_place_on_its_way_or_does_not(figures, share, named):
    """First its own place, then the other, then its own again before it is plugged in; on battery throughout."""
    events, truths = run(figures, transports_per_day=30.0, location_told=share)
    trips = [trip for trip in stretches(events, truths) if (trip[1].at - trip[0].at).total_seconds() > 15 * 60]
    assert len(trips) > 50
    moved = 0
    for power, _, heard in trips:
        assert power.why == "transport"
        assert {event.source for event in heard} == {"battery"}
        places = [event.location for event in heard]
        away = {place for place in places if place in PLACES}
        assert len(away) == named
        moved += bool(away)
        if named:
            assert places[0] not in PLACES
            assert sum(before != after for before, after in pairwise(places)) <= 2
    assert moved == (len(trips) if named else 0)


def test_a_stay_at_the_magnet_is_long_and_at_the_mri(figures):
    """About an hour; whenever another place is named, it is the MRI."""
    events, truths = run(figures, mri_per_day=10.0, location_told=1.0)
    stays = list(stretches(events, truths))
    assert len(stays) > 30
    assert {power.why for power, _, _ in stays} == {"mri"}
    assert median((mains.at - power.at).total_seconds() / 60 for power, mains, _ in stays) == pytest.approx(55, rel=0.2)
    places = {event.location for _, _, heard in stays for event in heard if event.location in PLACES}
    assert places == {"MRI"}


def test_a_habit_stays_where_it_is(figures):
    """A pump left unplugged names its own bay all along."""
    events, truths = run(figures, habit=10.0, location_strays=0.0)
    left = list(stretches(events, truths))
    assert len(left) > 30
    assert all(power.why == "practice" and len({event.location for event in heard}) <= 1 for power, _, heard in left)


def test_a_loose_cord_loses_the_mains_again_and_again(figures):
    """Three to twelve times within minutes, each time off for less than a minute, and no other pump with it."""
    events, truths = run(figures, pumps=60, loose_cord=1.0, flaps_per_day=6.0)
    bursts = []
    for power, mains, _ in sorted(stretches(events, truths), key=lambda one: (one[0].pump, one[0].at)):
        assert power.why == "loose_cord"
        assert (mains.at - power.at).total_seconds() < 60
        last = bursts[-1] if bursts else None
        if last and last[-1][0].pump == power.pump and (power.at - last[-1][1].at).total_seconds() < 60:
            last.append((power, mains))
        else:
            bursts.append([(power, mains)])
    assert len(bursts) > 30
    assert min(map(len, bursts)) >= 3


def test_a_power_failure_takes_a_unit_in_one_second_except_the_other_circuit(figures):
    """Of 20 pumps behind a board some hang elsewhere and stay on mains; the rest come back together."""
    events, truths = run(figures, failures_per_year=2000.0)
    failed = defaultdict(list)
    for power, mains, _ in stretches(events, truths):
        assert power.why == "unit_power_failure"
        failed[power.hospital, power.care_area, int(power.at.timestamp())].append((power, mains))
    whole = [pumps for pumps in failed.values() if len(pumps) > 3]
    assert whole
    for pumps in whole:
        lasted = [(mains.at - power.at).total_seconds() for power, mains in pumps]
        assert max(lasted) - min(lasted) < 1
        assert 4 * 60 <= min(lasted) <= 16 * 60
    serials = {(power.hospital, power.care_area): 0 for pumps in whole for power, _ in pumps}
    for one in events.values():
        place = one[0].hospital, one[0].care_area
        if place in serials:
            serials[place] += 1
    shares = [len(pumps) / min(serials[pumps[0][0].hospital, pumps[0][0].care_area], 20) for pumps in whole]
    assert 0.6 < sum(shares) / len(shares) < 1


@pytest.fixture(scope="module")
def left_alone(figures):
    """Pumps that are unplugged for hours and whose alarms nobody answers, with gauges that have missed all wear."""
    gauge = msgspec.structs.replace(figures.power.gauge, misses=1.0, misses_power=0.01)
    return run(
        figures, pumps=120, hours=14, habit=0.5, busy=12.0,
        practice_minutes=600.0, plugged_at_low=0.0, gauge=gauge,
    )  # fmt: skip


def test_a_gauge_jumps_by_ten_points_and_more_on_a_worn_battery_alone(left_alone):
    """The heartbeats show what the truth tells: from one minute to the next the worn gauges lose over ten points."""
    events, truths = left_alone
    jumps = [truth for truth in truths if isinstance(truth, GaugeTruth)]
    assert len(jumps) > 20
    worn = [truth.before - truth.after for truth in jumps if truth.health < 0.7]
    sound = [truth.before - truth.after for truth in jumps if truth.health > 0.95]
    assert median(worn) > 20
    assert sound
    assert max(sound) < 10
    for truth in jumps:
        shown = [event.charge_pct for event in events[truth.pump] if event.kind == "heartbeat" and event.at <= truth.at]
        assert shown[-1] == pytest.approx(truth.after, abs=1)
        assert shown[-2] == pytest.approx(truth.before, abs=1)


def test_alarms_say_what_was_left_and_what_a_new_battery_would_have_had(left_alone):
    """A sound battery warns 30 and 15 minutes before its end, a worn one up to 60% later; then the pump stops."""
    events, truths = left_alone
    alarms = [truth for truth in truths if isinstance(truth, AlarmTruth)]
    lows = [truth for truth in alarms if truth.alarm == "low"]
    assert {truth.alarm for truth in alarms} == {"low", "very_low", "depleted"}
    assert all(11 < truth.minutes <= 30 for truth in lows if truth.health < 0.7)
    assert all(truth.minutes > 24 for truth in lows if truth.health > 0.95)
    assert all(truth.new_minutes > truth.minutes for truth in alarms)
    depleted = [truth for truth in alarms if truth.alarm == "depleted"]
    assert len(depleted) > 20
    for truth in depleted:
        after = [event for event in events[truth.pump] if event.at >= truth.at]
        assert (after[0].kind, after[0].charge_pct, after[0].infusing) == ("depleted", 0.0, False)
        assert not any(event.infusing for event in after if (event.at - truth.at).total_seconds() < 60)


def test_the_capacity_a_pump_reports_is_what_its_gauge_believes(left_alone):
    """Full at first, for these gauges missed all wear; lower once the voltage has given way."""
    events, truths = left_alone
    taught = {truth.pump for truth in truths if isinstance(truth, GaugeTruth) and truth.health < 0.7}
    seen = 0
    for pump in taught:
        told = [
            event.full_capacity_mah / event.design_capacity_mah for event in events[pump] if event.full_capacity_mah
        ]
        if told:
            seen += 1
            assert told[0] > 0.9
            assert told[-1] < told[0] - 0.1
    assert seen


def test_gauges_show_whole_points(left_alone):
    events, _ = left_alone
    assert all(event.charge_pct == int(event.charge_pct) for one in events.values() for event in one)


def test_times_on_battery_end_in_the_side_file(left_alone):
    """Each begins and ends in turn for its pump."""
    _, truths = left_alone
    on_battery = set()
    for truth in truths:
        if isinstance(truth, PowerTruth):
            assert truth.pump not in on_battery
            on_battery.add(truth.pump)
        elif isinstance(truth, MainsTruth):
            on_battery.remove(truth.pump)
    assert codec.ms(truths[-1].at if hasattr(truths[-1], "at") else truths[-2].at) > START_MS

"""Who pulls a plug, how often and for how long: habits by unit and shift, journeys, loose cords."""

from collections import Counter
from random import Random
from statistics import median

import msgspec
import pytest

from services.pumps.fleet import Fleet
from services.pumps.plugs import HOME, PLACES, STRAYED, Plugs, often, place_name, shift_at

DAY = 1440


def pulled(figures, power, *, pumps=1500, minutes=300, loose=False):
    """What is decided in so many minutes of the day shift of all pumps."""
    fleet, plugs, dice = Fleet(pumps, 3, 1, figures), Plugs(1, power), Random()
    for number in range(pumps):
        pump = fleet.pump(number)._replace(loose_cord=loose)
        for minute in range(minutes):
            hit = plugs.unplugging(pump, minute, "day", dice)
            if hit:
                yield pump, hit


@pytest.fixture(scope="module")
def busy_day(figures):
    return list(pulled(figures, often(figures.power, 10)))


def test_units_and_shifts_have_their_habits(figures):
    """Unplugged out of habit as often as the unit of this hospital does, by shift; units of one name differ."""
    power = often(figures.power, 10)
    fleet, plugs, dice = Fleet(3000, 3, 1, figures), Plugs(1, power), Random()
    found, pumps = Counter(), Counter()
    for number in range(3000):
        pump = fleet.pump(number)
        pumps[pump.hospital, pump.care_area] += 1
        for minute in range(60):
            for shift in ("day", "night"):
                hit = plugs.unplugging(pump, minute * 2 + (shift == "day"), shift, dice)
                if hit and hit.why == "practice":
                    found[pump.hospital, pump.care_area, shift] += 1
    for (hospital, area, shift), times in found.items():
        expected = plugs.habit(hospital, area)[shift] * 10 * pumps[hospital, area] * 60 / DAY
        assert times == pytest.approx(expected, rel=0.2, abs=4 * expected**0.5), (hospital, area, shift)
    wards = [plugs.habit(hospital, "Medical Ward")["day"] for hospital in {place[0] for place in pumps}]
    assert max(wards) > 1.1 * min(wards)


def test_never_means_never(figures):
    assert not list(pulled(figures, often(figures.power, 0), pumps=200, minutes=50, loose=True))


def test_journeys_are_as_frequent_and_as_long_as_configured(figures, busy_day):
    """And nine in ten of them name the place they go to; a magnet is always the MRI."""
    whys = Counter(hit.why for _, hit in busy_day)
    minutes = 1500 * 300 / DAY * 10
    assert whys["transport"] == pytest.approx(figures.power.transports_per_day * minutes, rel=0.1)
    assert whys["mri"] == pytest.approx(figures.power.mri_per_day * minutes, rel=0.25)
    for why, usual in (("transport", 25), ("mri", 55), ("practice", 90)):
        assert median(hit.minutes for _, hit in busy_day if hit.why == why) == pytest.approx(usual, rel=0.15)
    told = [hit.place != HOME for _, hit in busy_day if hit.why in ("transport", "mri")]
    assert sum(told) / len(told) == pytest.approx(figures.power.location_told, abs=0.03)
    names = {
        why: {place_name(hit.place, pump) for pump, hit in busy_day if hit.why == why and hit.place != HOME}
        for why in whys
    }
    assert names["mri"] == {"MRI"}
    assert names["transport"] == set(PLACES) - {"MRI"}


def test_few_pumps_left_unplugged_stray(figures, busy_day):
    """About one in a hundred is located in the neighbouring bay, never at the place of a journey."""
    habits = [(pump, hit) for pump, hit in busy_day if hit.why == "practice"]
    strayed = [pump for pump, hit in habits if hit.place == STRAYED]
    assert all(hit.place in (HOME, STRAYED) for _, hit in habits)
    assert 0 < len(strayed) / len(habits) < 0.03
    pump = strayed[0]
    assert place_name(STRAYED, pump) != pump.location
    assert place_name(STRAYED, pump).startswith(pump.care_area)


def test_a_loose_cord_flaps_several_times_within_seconds(figures):
    """Three to twelve times, each for less than a minute and most for a few seconds."""
    power = msgspec.structs.replace(figures.power, habits={}, habits_elsewhere={}, transports_per_day=0, mri_per_day=0)
    plugs, dice, gaps, times = Plugs(1, power), Random(2), [], []
    for _, first in pulled(figures, power, pumps=100, loose=True):
        assert first.why == "loose_cord"
        hit, lost = first, 1
        gaps.append(hit.minutes)
        while hit.flaps:
            on_mains, hit = plugs.flap(hit, dice)
            assert 0 < on_mains < 1
            gaps.append(hit.minutes)
            lost += 1
        times.append(lost)
    assert (min(times), max(times)) == (3, 12)
    assert max(gaps) < 1
    assert median(gaps) * 60 == pytest.approx(7, abs=2)


def test_shifts_change_at_seven_fifteen_and_twenty_three():
    hours = {hour: shift_at(hour * 3_600_000) for hour in range(24)}
    assert [hour for hour in hours if hours[hour] == "day"] == list(range(7, 15))
    assert [hour for hour in hours if hours[hour] == "evening"] == list(range(15, 23))
    assert hours[23] == hours[6] == "night"

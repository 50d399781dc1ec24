"""Episodes of one pump as a hospital would tell them."""

import pytest
from msgspec.structs import replace

from streams.power.partition import PowerPartition
from streams.power.settings import PowerSettings
from tests.made_power import Pump, at, closed, play, refusal


def test_an_hour_of_habit_is_told_from_its_first_minute_to_its_end():
    """Rev 1 at once, one when grace passes, one every ten minutes, one on the return, and one that is final."""
    pump = Pump()
    events = [
        pump.mains(0),
        *(pump.battery(minute, 98 - minute // 4) for minute in range(1, 46)),
        *(pump.mains(minute) for minute in range(46, 53)),
    ]
    revisions = play(PowerPartition(), events)
    told = [(r.revision, r.at, r.minutes, r.cause, r.paused_at, r.ended_at) for r in revisions]
    assert told == [
        (1, at(1), 0, "unknown", None, None),
        (2, at(11), 10, "practice", None, None),
        (3, at(21), 20, "practice", None, None),
        (4, at(31), 30, "practice", None, None),
        (5, at(41), 40, "practice", None, None),
        (6, at(46), 45, "practice", at(46), None),
        (7, at(51), 45, "practice", None, at(46)),
    ]
    assert {r.episode for r in revisions} == {"P1@1795420860000"}
    assert [r.id for r in revisions] == [f"P1@1795420860000/{n}" for n in range(1, 8)]
    assert all(r.started_at == at(1) and r.test for r in revisions)


def test_a_pump_on_mains_or_resting_on_battery_has_no_episode():
    """Only infusing and on battery together make an episode."""
    pump = Pump()
    events = [pump.mains(0), pump.battery(1, infusing=False), pump.mains(2, infusing=False), pump.mains(30)]
    assert play(PowerPartition(), events) == []


def test_a_short_ride_is_transport_and_a_blip_is_nothing_in_particular():
    """An end within grace is a transport; under a minute it is too short to be called anything."""
    pump = Pump()
    events = [
        *pump.stretch(0, 8),
        *(pump.mains(m) for m in (8, 14)),
        pump.battery(20),
        pump.mains(20.5),
        pump.mains(30),
    ]
    ends = closed(play(PowerPartition(), events))
    assert [(e.started_at, e.ended_at, e.minutes, e.cause) for e in ends] == [
        (at(0), at(8), 8, "transport"),
        (at(20), at(20.5), 0.5, "unknown"),
    ]


def test_a_pump_that_changes_its_place_is_on_transport_however_long():
    """Two locations, or two care areas, within one episode."""
    pump = Pump()
    ride = [pump.battery(m, location="ICU 4" if m < 20 else "MRI") for m in range(40)]
    [end] = closed(play(PowerPartition(), [*ride, pump.mains(40), pump.mains(50)]))
    assert (end.cause, end.minutes) == ("transport", 40)
    other = Pump("P2")
    moved = [other.battery(m, care_area="MICU" if m < 20 else "Ward 3") for m in range(40)]
    [end] = closed(play(PowerPartition(), [*moved, other.mains(40), other.mains(50)]))
    assert (end.cause, end.care_area) == ("transport", "MICU")


def test_a_place_named_only_before_or_after_the_episode_is_no_move():
    """The pump was plugged in elsewhere: what counts is where it infused on battery."""
    pump = Pump()
    events = [pump.mains(0, location="ICU 3"), *(pump.battery(m, location="ICU 4") for m in range(1, 30))]
    [end] = closed(play(PowerPartition(), [*events, pump.mains(30, location="ICU 5"), pump.mains(40)]))
    assert end.cause == "practice"


def test_mains_that_flap_within_seconds_are_one_episode_of_a_loose_cord():
    """The flaps count no minutes on battery, and not each of them is published."""
    pump = Pump()
    events = []
    for flap in range(20):
        events += [pump.battery(flap * 0.5), pump.mains(flap * 0.5 + 0.25)]
    revisions = play(PowerPartition(), [*events, pump.mains(20)])
    [end] = closed(revisions)
    assert (end.cause, end.started_at, end.ended_at, end.minutes) == ("loose_cord", at(0), at(9.75), 5)
    assert len(revisions) < 12


def test_an_infusion_that_rests_for_seconds_is_no_loose_cord():
    """Stopped and started again on battery, without mains in between."""
    pump = Pump()
    events = []
    for rest in range(8):
        events += [*pump.stretch(rest * 3, rest * 3 + 2.5, every=0.5), pump.battery(rest * 3 + 2.5, infusing=False)]
    [end] = closed(play(PowerPartition(), [*events, pump.mains(30)]))
    assert (end.cause, end.minutes) == ("practice", 20)


def test_a_minute_on_mains_ends_an_episode_and_less_does_not():
    """59 s belong to the episode, 60 s end it."""
    settings = PowerSettings()
    short, long = Pump("P1"), Pump("P2")
    partition = PowerPartition(settings)
    ends = closed(
        play(
            partition, [*short.stretch(0, 5), short.mains(5), *short.stretch(5.98, 9), short.mains(20), short.mains(30)]
        )
    )
    assert [(e.started_at, e.ended_at) for e in ends] == [(at(0), at(20))]
    ends = closed(
        play(partition, [*long.stretch(0, 5), long.mains(5), *long.stretch(6, 9), long.mains(9), long.mains(20)])
    )
    assert [(e.started_at, e.ended_at) for e in ends] == [(at(0), at(5)), (at(6), at(9))]


def test_silence_is_not_on_battery():
    """A pump heard again after more than 15 min ended its episode at its last word, for no known reason."""
    pump = Pump()
    events = [*pump.stretch(0, 5), pump.mains(40), pump.mains(50)]
    [end] = closed(play(PowerPartition(), events))
    assert (end.ended_at, end.minutes, end.cause) == (at(4), 4, "unknown")
    other = Pump("P2")
    ends = closed(
        play(PowerPartition(), [*other.stretch(0, 5), *other.stretch(40, 45), other.mains(45), other.mains(55)])
    )
    assert [(e.started_at, e.ended_at) for e in ends] == [(at(0), at(4)), (at(40), at(45))]


def test_heartbeats_that_are_missing_for_less_than_silence_change_nothing():
    """One heartbeat every 14 minutes tells the same episode."""
    pump = Pump()
    [end] = closed(play(PowerPartition(), [*pump.stretch(0, 56, every=14), pump.mains(56), pump.mains(62)]))
    assert (end.started_at, end.ended_at, end.minutes) == (at(0), at(56), 56)


def test_a_late_unplug_moves_the_start_but_not_the_name_of_the_episode():
    """Subscribers know the episode by its id; the start becomes what it was."""
    pump = Pump()
    unplugged = pump.battery(0.5, kind="unplugged")
    first = pump.battery(1)
    revisions = play(PowerPartition(), [first, unplugged, *pump.stretch(2, 20), pump.mains(20), pump.mains(30)])
    assert {r.episode for r in revisions} == {"P1@1795420860000"}
    assert revisions[0].started_at == at(1)
    assert revisions[-1].started_at == at(0.5)
    assert revisions[-1].minutes == 19.5


def test_a_late_return_to_mains_splits_what_looked_like_one_episode():
    """Plugged in for two minutes, known only three minutes later."""
    pump = Pump()
    rest = [pump.mains(10, kind="plugged"), pump.mains(11)]
    events = [*pump.stretch(0, 10), pump.battery(12), pump.battery(13), *rest, *pump.stretch(14, 30)]
    revisions = play(PowerPartition(), [*events, pump.mains(30), pump.mains(40)])
    ends = closed(revisions)
    assert [(e.started_at, e.ended_at, e.minutes) for e in ends] == [(at(0), at(10), 10), (at(12), at(30), 18)]
    assert ends[1].id == f"P1@{1795420800000 + 12 * 60_000}/{ends[1].revision}"


def test_a_low_alarm_at_a_high_charge_is_a_battery_fault():
    """The gauge says 70 %, the pump says that it is nearly empty."""
    pump = Pump()
    events = [*pump.stretch(0, 20, charge=70), pump.battery(20, 70, kind="low"), *pump.stretch(21, 25, charge=70)]
    revisions = play(PowerPartition(), [*events, pump.mains(25), pump.mains(30)])
    [alarm] = [r for r in revisions if r.at == at(20)]
    assert (alarm.cause, alarm.low_alarm) == ("battery_fault", True)
    assert at(40) <= alarm.empty_at <= at(50)
    assert revisions[-1].cause == "battery_fault"


def test_the_drugs_of_an_episode_are_those_that_ran_on_battery():
    """In alphabetical order, each once."""
    pump = Pump()
    events = [pump.mains(0, drugs=["Heparin"]), pump.battery(1, drugs=["Propofol"])]
    events += [pump.battery(2, drugs=["Propofol", "Norepinephrine"]), pump.mains(3, drugs=["Insulin"]), pump.mains(10)]
    [end] = closed(play(PowerPartition(), events))
    assert end.drugs == ["Norepinephrine", "Propofol"]


def test_the_same_event_again_is_a_duplicate():
    """Whether it comes at once or minutes later; the episode is unchanged."""
    pump = Pump()
    partition = PowerPartition()
    events = pump.stretch(0, 4)
    play(partition, events)
    for event in events:
        refused = refusal(partition, event, 10)
        assert refused is not None
        assert refused.error_class == "duplicate"
        assert "`id`" in refused.reason


def test_an_event_later_than_four_minutes_is_refused_as_late():
    """At four minutes it still counts, above it does not."""
    pump = Pump()
    partition = PowerPartition()
    play(partition, [pump.mains(10)])
    pump.made = 0  # an older seq, as a late event has
    assert refusal(partition, pump.mains(6, id="late-1")) is None
    pump.made = 0
    refused = refusal(partition, pump.mains(5.9, id="late-2"))
    assert refused is not None
    assert refused.error_class == "late"
    assert refused.reason.startswith("field `at`: 4 min older")


def test_a_clock_set_back_ends_the_episode_and_the_pump_is_followed_on():
    """An old time with a new seq is not late: the pump's clock was wrong."""
    pump = Pump()
    partition = PowerPartition()
    [*_, end] = play(partition, [*pump.stretch(600, 615), *pump.stretch(0, 2)])[:-1]
    assert (end.started_at, end.ended_at) == (at(600), at(614))
    assert partition.open_episodes == 1
    ends = closed(play(partition, [pump.mains(2), pump.mains(9)]))
    assert [(e.started_at, e.ended_at) for e in ends] == [(at(0), at(2))]


def test_a_pump_that_is_never_heard_of_again_leaves_memory_and_its_episode_is_closed():
    """By the clock of the partition, after two days; what is published is what its own next event would say."""
    partition = PowerPartition()
    play(partition, Pump("gone").stretch(0, 5))
    others = [Pump(f"P{n}") for n in range(40)]
    revisions = []
    for hour in range(60):
        revisions += play(partition, [other.mains(hour * 60 + minute) for minute in (0, 30) for other in others])
    [end] = closed(revisions)
    assert (end.pump, end.ended_at, end.cause) == ("gone", at(4), "unknown")
    assert len(partition) == 40


@pytest.mark.parametrize("flood", [100, 1000])
def test_a_pump_that_floods_keeps_a_bounded_window(flood):
    """Events every 20 ms: memory stays at a kilobyte and the episode is right."""
    pump = Pump()
    events = [pump.battery(n / 3000) for n in range(flood)]
    partition = PowerPartition()
    revisions = play(partition, [*events, pump.mains(2), pump.mains(10)])
    assert closed(revisions)[0].minutes == 2
    assert len(partition._slots["P1"]) < 1100


@pytest.mark.parametrize("state", ["mains", "battery"])
def test_a_flood_of_late_events_keeps_a_bounded_window_too(state):
    """Each a little older than the one before: memory stays at a kilobyte."""
    pump = Pump()
    partition = PowerPartition()
    play(partition, [getattr(pump, state)(10)])
    events = [getattr(pump, state)(10 - n / 1000) for n in range(1, 1000)]
    refusals = [refusal(partition, event) for event in events]
    assert {refused.error_class for refused in refusals if refused is not None} == {"late"}
    play(partition, [getattr(pump, state)(10.5), *(pump.battery(10.4 + n / 20_000) for n in range(1, 1000))])
    assert len(partition._slots["P1"]) < 1100


def test_times_that_no_window_can_hold_are_refused():
    """The year 9999 and the year 1950 are the clock's fault."""
    pump = Pump()
    for year in (1950, 9999):
        refused = refusal(PowerPartition(), replace(pump.mains(0), at=at(0).replace(year=year)))
        assert refused is not None
        assert refused.error_class == "clock"


@pytest.mark.parametrize(
    ("setting", "value"),
    [("grace_min", 0), ("silence_min", -1), ("lateness_s", "soon"), ("pause_s", 900), ("revise_min", 16),
     ("silent_again_min", 31), ("memory_h", 0.2), ("blip_s", True)],
)  # fmt: skip
def test_settings_that_do_not_fit_are_refused_by_name(setting, value):
    """The message names the field."""
    with pytest.raises(ValueError, match=f"`{setting}`"):
        PowerSettings(**{setting: value})

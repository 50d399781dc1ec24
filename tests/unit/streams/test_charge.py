"""Which heartbeats become samples of a pump's charge, and what of them Redis keeps."""

from datetime import UTC, datetime, timedelta

import pytest

from streams.sink import ReadModel
from streams.sink.charge import SAMPLE_BYTES, ChargeSample, ChargeSamples
from tests.made_events import heartbeat
from tests.made_places import hear

START = datetime(2026, 11, 23, 17, tzinfo=UTC)
SECOND = int(START.timestamp())


def at(minutes: float, **changes):
    return heartbeat("p1", int(minutes * 60), START + timedelta(minutes=minutes), **({"hospital": "North"} | changes))


def taken(*events) -> list[float]:
    """Minutes of the samples that events lead to."""
    samples = ChargeSamples(576)
    for event in events:
        samples.note(event)
    return [(sample.at - SECOND) / 60 for sample in unpacked(samples.waiting("p1"))]


def unpacked(packed: bytes) -> list[ChargeSample]:
    return [
        ChargeSample.unpacked(packed[first : first + SAMPLE_BYTES]) for first in range(0, len(packed), SAMPLE_BYTES)
    ]


async def stored(redis) -> list[ChargeSample]:
    found = await redis.execute_command("LRANGE", "pw:charge:p1", 0, -1, NEVER_DECODE=[])
    return [ChargeSample.unpacked(sample) for sample in found]


def test_a_pump_that_stands_on_mains_has_a_sample_each_half_hour():
    """It says the same every minute; one sample in thirty tells that it was heard."""
    assert taken(*(at(minute) for minute in range(91))) == [0, 30, 60, 90]


def test_a_change_is_sampled_at_once_and_a_falling_charge_each_five_minutes():
    """Unplugged at 3, falling half a point a minute, infusing stopped at 14, plugged in at 17."""
    events = [
        at(minute, source="battery" if 3 <= minute < 17 else "mains", infusing=minute < 14, charge_pct=90 - minute / 2)
        for minute in range(20)
    ]
    assert taken(*events) == [0, 3, 8, 13, 14, 17]


def test_a_battery_that_fails_is_sampled_at_once():
    """Its charge falls by far more between two heartbeats than in five minutes of any sound one."""
    assert taken(at(0, charge_pct=80), at(1, charge_pct=79), at(2, charge_pct=20)) == [0, 2]


def test_events_that_come_late_or_twice_are_not_sampled():
    """Heartbeats come up to four minutes late; a pump whose clock was set back an hour is sampled on."""
    battery = at(10, source="battery")
    assert taken(battery, at(8), battery, at(7, charge_pct=10)) == [10]
    assert taken(battery, at(-50)) == [10, -50]


def test_of_too_many_samples_the_newest_wait():
    """Redis may be away for days."""
    samples = ChargeSamples(3)
    for minute in range(0, 300, 30):
        samples.note(at(minute))
    waiting = samples.waiting("p1")
    assert [(sample.at - SECOND) / 60 for sample in unpacked(waiting)] == [210, 240, 270]
    samples.note(at(300))
    samples.written("p1", waiting)
    assert samples.waiting("p1")[-SAMPLE_BYTES:] == unpacked_again(at(300))


def unpacked_again(event) -> bytes:
    one = ChargeSamples(1)
    one.note(event)
    return one.waiting(event.pump)


def test_a_time_that_no_clock_shows_does_not_stop_a_worker():
    """Records without a timestamp cannot be compared with their event's time, so any may come."""
    for year in (1900, 2400):
        samples = ChargeSamples(9)
        samples.note(heartbeat("p1", 1, datetime(year, 1, 1, tzinfo=UTC)))
        assert unpacked(samples.waiting("p1"))[0].at == (0 if year < 1970 else 2**32 - 1)


async def test_what_is_stored_is_what_was_said(redis):
    """Time, charge, source and infusing of every sample come back; the key expires with what it holds."""
    await hear(
        redis, at(0), at(3, source="battery", charge_pct=99.4), at(9, source="battery", charge_pct=95, infusing=False)
    )
    assert await stored(redis) == [
        (SECOND, 100.0, False, True),
        (SECOND + 180, 99.4, True, True),
        (SECOND + 540, 95.0, True, False),
    ]
    assert 47 * 3600 < await redis.ttl("pw:charge:p1") <= 48 * 3600
    assert 29 * 86_400 < await redis.ttl("pw:pump:p1") <= 30 * 86_400
    assert 29 * 86_400 < await redis.ttl("pw:live:North:online") <= 30 * 86_400


async def test_a_worker_that_reads_again_after_a_crash_changes_nothing(redis):
    """It has forgotten what it sampled last, and reads on after what it read before."""
    events = [at(minute, source="battery", charge_pct=90 - minute) for minute in range(20)]
    await hear(redis, *events)
    before = await stored(redis)
    await hear(redis, *events)
    assert await stored(redis) == before
    # Others take part of it over, from an offset that is new.
    await hear(redis, *events[15:], first=15 + 100)
    assert [sample.at for sample in await stored(redis)] == sorted({sample.at for sample in await stored(redis)})


async def test_a_clock_that_was_set_back_takes_its_samples_with_it(redis):
    """What the pump said by a clock that was an hour ahead would lie in the future of what it says now."""
    await hear(redis, at(0), at(70, charge_pct=50), at(80, charge_pct=40))
    await hear(redis, at(20, charge_pct=80), first=10)
    assert [(sample.at - SECOND) // 60 for sample in await stored(redis)] == [0, 20]


async def test_the_depth_is_a_setting(redis):
    """Of two hours that are kept nothing older stays, by time and by number; none are kept of no hours."""
    store = ReadModel(redis, "tests", charge_history_h=2)
    samples = ChargeSamples(store.samples_kept)
    for minute in range(0, 600, 2):
        samples.note(at(minute, source="battery" if minute % 4 else "mains"))
        waiting = samples.waiting("p1")
        await store.put_pumps(1, [(minute, at(minute), b"{}", waiting)])
        samples.written("p1", waiting)
    kept = await stored(redis)
    assert (len(kept), (kept[-1].at - SECOND) / 60) == (store.samples_kept, 598)
    assert kept[0].at >= kept[-1].at - 2 * 3600
    none = ChargeSamples(ReadModel(redis, "tests", charge_history_h=0).samples_kept)
    none.note(at(0))
    assert none.waiting("p1") == b""


async def test_a_pump_that_moves_to_another_hospital_begins_anew(redis):
    """What it was like elsewhere is no business of the hospital that has it now."""
    await hear(redis, at(0), at(30))
    await hear(redis, at(31, hospital="South", source="battery"), first=5)
    assert await stored(redis) == []
    assert await redis.zcard("pw:live:North:online") == 0
    await hear(redis, at(62, hospital="South"), first=6)
    assert len(await stored(redis)) == 1


async def test_pumps_that_left_the_fleet_leave_the_lists(redis):
    """Thirty days without a word; whoever was heard since stays."""
    await hear(redis, at(0), now=START)
    await hear(redis, heartbeat("p2", 1, START, hospital="North"), now=START + timedelta(days=29))
    assert await redis.zrange("pw:live:North:online", 0, -1) == ["p1", "p2"]
    await hear(redis, heartbeat("p2", 2, START, hospital="North"), now=START + timedelta(days=31), first=1)
    for kind in ("online", "infusing"):
        assert await redis.zrange(f"pw:live:North:{kind}", 0, -1) == ["p2"]


@pytest.mark.parametrize("stored_from", [20, 100])
async def test_a_rebuild_puts_older_samples_before_those_that_came_meanwhile(redis, stored_from):
    """The live stream goes on while the past is read; what both know is there once."""
    events = [at(minute, charge_pct=90 - minute / 10) for minute in range(0, 120, 5)]
    await hear(redis, *(event for event in events if (event.at - START).total_seconds() / 60 >= stored_from))
    past = ChargeSamples(576)
    for event in events:
        past.note(event)
    await ReadModel(redis, "tests").put_charge_before({"p1": past.waiting("p1")})
    times = [sample.at for sample in await stored(redis)]
    assert times == sorted(set(times))
    assert times[0] == SECOND
    assert times[-1] >= SECOND + 100 * 60


async def test_a_rebuild_leaves_out_what_a_wrong_clock_said(redis):
    """The clock ran two hours ahead until the 30th minute; what is stored stays in the order of time."""
    past = ChargeSamples(576)
    for minute, ahead in ((0, 120), (10, 120), (30, 0), (60, 0), (50, 0), (90, 0)):
        past.note(at(minute + ahead, charge_pct=90 - minute / 2))
    await ReadModel(redis, "tests").put_charge_before({"p1": past.waiting("p1")})
    assert [(sample.at - SECOND) // 60 for sample in await stored(redis)] == [30, 50, 90]

"""A simulated fleet: repeatable, in order, valid, honest about its slips, and small."""

import tracemalloc
from collections import Counter, defaultdict
from itertools import islice, pairwise
from math import sqrt
from statistics import median

import msgspec
import pytest

from schemas import codec, topics
from schemas.events import KeystrokeEvent, PowerEvent
from services.pumps.simulator import simulated
from services.pumps.truth import EntryTruth, PowerTruth, PumpTruth
from streams.intent.display import type_keys
from streams.intent.entries import OpenEntries
from streams.intent.keypad import layout
from tests.unit.pumps.conftest import START_MS

MOST_BYTES_PER_PUMP = 200
HOUR_MS = 3_600_000


def run(figures, *, pumps=60, hospitals=3, seed=1, hours=2.0, **more):
    """All records of the first hours, and the truths."""
    truths = []
    traffic = simulated(
        pumps=pumps,
        hospitals=hospitals,
        seed=seed,
        start_ms=START_MS,
        behaviour=figures,
        tell=truths.append,
        **more,
    )
    until = START_MS + hours * HOUR_MS
    records = []
    for record in traffic.records():
        if record[3] >= until:
            return records, truths
        records.append(record)
    raise AssertionError("a fleet never ends")


def encoded(records):
    return [(topic, key, codec.encode(event), at_ms) for topic, key, event, at_ms in records]


@pytest.fixture(scope="module")
def busy(figures):
    """A day of a small fleet in which much happens: 1 slip in 20 entries, everything ten times as often."""
    return run(figures, pumps=120, hours=8, seed=3, slip_rate=0.05, busy=20)


def test_the_same_seed_gives_the_same_events(figures):
    """Byte for byte, ids included; another seed or another start does not share an id."""
    first, truth = run(figures, seed=5, busy=20)
    again, truth_again = run(figures, seed=5, busy=20)
    assert encoded(first) == encoded(again)
    assert truth == truth_again
    other, _ = run(figures, seed=6, busy=20)
    assert not {event.id for _, _, event, _ in first} & {event.id for _, _, event, _ in other}


def test_a_pump_does_the_same_in_a_larger_fleet(figures):
    """Pump 17 of 60 is pump 17 of 200."""
    serial = "SIM-0000017"
    small = [record for record in run(figures, pumps=60, busy=20)[0] if record[1] == serial]
    large = [record for record in run(figures, pumps=200, busy=20)[0] if record[1] == serial]
    assert len(small) > 120
    assert encoded(small) == encoded(large)


def test_events_come_in_order_and_each_pump_counts_without_a_gap(busy):
    """Event time never goes back; each pump numbers its keystroke events and its power events 0, 1, 2 ..."""
    records, _ = busy
    times = [at_ms for *_, at_ms in records]
    assert times == sorted(times)
    seqs = defaultdict(list)
    for topic, key, event, at_ms in records:
        assert key == event.pump
        assert codec.ms(event.at) == at_ms
        seqs[topic, key].append(event.seq)
    assert all(numbers == list(range(len(numbers))) for numbers in seqs.values())
    ids = [event.id for _, _, event, _ in records]
    assert len(set(ids)) == len(ids)


def test_every_event_is_valid_and_says_that_it_is_a_test(busy):
    """What goes into a topic decodes under the closed schema, and comes back as it was."""
    records, _ = busy
    kinds = {topics.KEYSTROKES: KeystrokeEvent, topics.POWER: PowerEvent}
    for topic, _, event, _ in records:
        assert event.test
        assert codec.decode(kinds[topic], codec.encode(event)) == event
    assert {topic for topic, *_ in records} == set(kinds)


def test_the_truth_is_in_no_event(busy):
    """No event has a field of the side file beyond what the pump itself knows."""
    records, truths = busy
    secret = {"meant", "typed", "slip", "taken_back", "corrects", "why", "health", "faulty_keypad", "truth"}
    for kind in (KeystrokeEvent, PowerEvent):
        assert not secret & {field.name for field in msgspec.structs.fields(kind)}
    slips = [truth for truth in truths if isinstance(truth, EntryTruth) and truth.slip]
    entries = {
        event.entry: codec.encode(event).decode()
        for topic, _, event, _ in records
        if topic == topics.KEYSTROKES and event.commit
    }
    told = [truth for truth in slips if truth.entry in entries]
    assert len(told) > 100
    assert not any(truth.slip in entries[truth.entry] for truth in told)


def test_the_keys_of_an_entry_give_the_committed_value(busy):
    """Put together by the code of the stream, however the pump sent them."""
    records, truths = busy
    typed = {truth.entry: truth for truth in truths if isinstance(truth, EntryTruth)}
    entries, checked, sent = OpenEntries(), 0, Counter()
    for offset, (topic, _, event, _) in enumerate(records):
        if topic != topics.KEYSTROKES:
            continue
        whole = entries.add(event, offset)
        if whole is None:
            sent["part"] += 1
            continue
        taken = type_keys(layout(event.model), whole.keys, event.previous)
        truth = typed.get(event.entry)
        if truth is None:
            continue
        assert whole.commit.value == truth.typed
        if taken is None:
            assert truth.typed == event.previous
        else:
            assert taken.value == pytest.approx(whole.commit.value)
        checked += 1
    assert checked > 1000
    assert sent["part"] > checked


def test_slips_come_at_the_rate_asked_for(busy):
    """Within four standard deviations; entries that mend a slip are made with care."""
    _, truths = busy
    entries = [truth for truth in truths if isinstance(truth, EntryTruth) and not truth.corrects]
    faulty = {truth.pump for truth in truths if isinstance(truth, PumpTruth) and truth.faulty_keypad}
    sound = [truth for truth in entries if truth.pump not in faulty]
    slipped = sum(truth.slip is not None for truth in sound)
    assert slipped / len(sound) == pytest.approx(0.05, abs=4 * sqrt(0.05 * 0.95 / len(sound)))
    assert all((truth.typed != truth.meant) == (truth.slip is not None) for truth in entries)


def test_a_rate_of_nothing_makes_no_slip(figures):
    _, truths = run(figures, slip_rate=0.0, busy=20)
    entries = [truth for truth in truths if isinstance(truth, EntryTruth)]
    assert len(entries) > 200
    assert all(truth.slip is None and truth.typed == truth.meant for truth in entries)


def test_some_slips_are_mended_within_minutes(busy):
    """A mending entry starts from the wrong value and enters what was meant; at least 1 in 4 slips finds one."""
    _, truths = busy
    entries = {truth.entry: truth for truth in truths if isinstance(truth, EntryTruth)}
    mended = [(entries[truth.corrects], truth) for truth in entries.values() if truth.corrects in entries]
    slips = sum(truth.slip is not None for truth in entries.values())
    assert len(mended) > slips / 4
    for slip, mending in mended:
        assert slip.slip is not None
        assert (mending.pump, mending.channel, mending.field) == (slip.pump, slip.channel, slip.field)
        assert mending.meant == mending.typed == slip.meant
        if slip.action != "cancel":
            assert mending.previous == slip.typed
        assert 0 < (mending.at - slip.at).total_seconds() < 1900


def test_three_to_eight_in_a_hundred_entries_take_a_key_back(busy):
    _, truths = busy
    entries = [truth for truth in truths if isinstance(truth, EntryTruth)]
    assert 0.03 <= sum(truth.taken_back for truth in entries) / len(entries) <= 0.08


def test_warnings_are_mostly_overridden_and_hard_limits_hold(busy):
    """The commit names the limit of the library; an override needs a soft one, a hard one always stops the entry."""
    records, _ = busy
    commits = [event.commit for topic, _, event, _ in records if topic == topics.KEYSTROKES and event.commit]
    soft = Counter(commit.action for commit in commits if commit.warned in ("soft_low", "soft_high"))
    assert soft["override"] > soft["cancel"] > 0
    assert not soft["confirm"]
    assert {commit.action for commit in commits if commit.warned in ("hard_low", "hard_high")} == {"cancel"}
    assert {commit.action for commit in commits if commit.warned is None} == {"confirm"}


def test_values_are_like_those_of_the_real_logs(figures):
    """The median norepinephrine rate lies between the quartiles of the logs, and most values are round."""
    _, truths = run(figures, pumps=200, hours=4, seed=9, busy=60, slip_rate=0.0)
    values = [
        truth.meant
        for truth in truths
        if isinstance(truth, EntryTruth) and (truth.drug, truth.unit) == ("norepinephrine", "mcg/kg/min")
    ]
    assert len(values) > 100
    assert 0.05 <= median(values) <= 0.2
    everything = [truth.meant for truth in truths if isinstance(truth, EntryTruth) and truth.field != "vtbi"]
    assert sum(len(f"{value:g}".strip("0.").replace(".", "")) <= 2 for value in everything) > len(everything) / 2


def test_heartbeats_come_every_minute(figures):
    records, _ = run(figures, pumps=20, hours=1)
    beats = defaultdict(list)
    for topic, key, event, at_ms in records:
        if topic == topics.POWER and event.kind == "heartbeat":
            beats[key].append(at_ms)
    assert len(beats) == 20
    assert all(len(times) == 60 for times in beats.values())
    assert all(after - before == 60_000 for times in beats.values() for before, after in pairwise(times))


def test_power_events_tell_one_story(busy):
    """Plugged follows unplugged, the charge falls on battery and rises on mains, started and stopped take turns."""
    records, truths = busy
    last = {}
    for topic, key, event, _ in records:
        if topic != topics.POWER:
            continue
        before = last.get(key)
        last[key] = event
        if before is None:
            continue
        if event.kind == "unplugged":
            assert (before.source, event.source) == ("mains", "battery")
        elif event.kind == "plugged":
            assert (before.source, event.source) == ("battery", "mains")
        else:
            assert before.source == event.source
            change = event.charge_pct - before.charge_pct
            assert change <= 0 if event.source == "battery" else change >= 0
        if event.kind == "started":
            assert (before.infusing, event.infusing) == (False, True)
        if event.kind == "stopped":
            assert (before.infusing, event.infusing) == (True, False)
        assert event.infusing == (event.channels_running > 0) == bool(event.drugs)
    whys = Counter(truth.why for truth in truths if isinstance(truth, PowerTruth))
    assert whys["practice"] > 20
    assert whys["transport"] > 20


def test_a_mains_failure_takes_the_plugged_pumps_of_a_zone_in_one_second(figures):
    power = msgspec.structs.replace(figures.power, failures_per_year=3000, habits_elsewhere={}, transports_per_day=0)
    records, truths = run(msgspec.structs.replace(figures, power=power), pumps=120, hours=6, busy=1)
    failed = defaultdict(list)
    for truth in truths:
        if isinstance(truth, PowerTruth) and truth.why == "unit_power_failure":
            failed[truth.hospital, truth.care_area, int(truth.at.timestamp())].append(truth.pump)
    assert failed
    assert max(len(pumps) for pumps in failed.values()) > 5
    assert all(len(set(pumps)) == len(pumps) for pumps in failed.values())
    unplugged = {event.pump for topic, _, event, _ in records if topic == topics.POWER and event.kind == "unplugged"}
    assert {pump for pumps in failed.values() for pump in pumps} <= unplugged


def test_a_pump_takes_less_than_200_bytes(figures):
    """All that 18,000 more pumps make the simulator hold after a minute, and its own account of it."""
    held = {}
    for pumps in (2_000, 20_000):
        tracemalloc.start()
        try:
            traffic = simulated(pumps=pumps, hospitals=20, seed=1, start_ms=START_MS, behaviour=figures)
            records = traffic.records()
            for _ in islice(records, pumps):
                pass
            held[pumps] = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert 50 <= traffic.bytes_per_pump() <= MOST_BYTES_PER_PUMP
    assert (held[20_000] - held[2_000]) / 18_000 <= MOST_BYTES_PER_PUMP


def test_memory_does_not_grow_with_time(figures):
    """After six busy hours the fleet holds no more than after one."""
    traffic = simulated(pumps=60, hospitals=3, seed=1, start_ms=START_MS, behaviour=figures, busy=60)
    sizes = []
    for *_, at_ms in traffic.records():
        if at_ms >= START_MS + (len(sizes) + 1) * HOUR_MS:
            sizes.append(traffic.bytes_per_pump())
        if len(sizes) == 6:
            break
    assert max(sizes[1:]) < 1.5 * sizes[0] + 100

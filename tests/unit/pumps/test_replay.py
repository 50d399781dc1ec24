"""A real log becomes live traffic: every usable row is one committed entry, once, in order."""

from collections import Counter, defaultdict
from itertools import pairwise
from math import sqrt

import pytest

from schemas import codec, topics
from schemas.events import KeystrokeEvent, PowerEvent
from services.pumps.keystrokes import enterable
from services.pumps.logs import Log
from services.pumps.replay import plan, replayed
from services.pumps.timeline import DAY_MS
from services.pumps.truth import EntryTruth
from streams.intent.display import type_keys
from streams.intent.entries import OpenEntries
from streams.intent.keypad import layout
from tests.unit.pumps.conftest import START_MS

OWN = "hospital,care_area,pump,at,drug,unit,value\n"


def play(figures, log, of=None, **more):
    truths = []
    settings = {"seed": 1, "start_ms": START_MS, "behaviour": figures, "tell": truths.append} | more
    return list(replayed(log, of or plan(log), **settings).records()), truths


def entries_of(records):
    return [event for topic, _, event, _ in records if topic == topics.KEYSTROKES and event.commit]


@pytest.fixture(scope="module", params=["mimic3", "eicu"])
def whole(request, real_logs, figures):
    log = Log(str(real_logs[request.param]))
    of = plan(log)
    records, _ = play(figures, log, of)
    return log, of, records


def test_every_usable_row_is_exactly_one_committed_entry(whole):
    """Counted, and value by value: for each hospital, drug and unit the same numbers as in the file."""
    log, _, records = whole
    entries = entries_of(records)
    assert len(entries) == len(log.entries) == len({event.entry for event in entries})
    charted = Counter((row.hospital, row.drug, row.unit, enterable(row.value)) for row in log.entries)
    assert Counter((event.hospital, event.drug, event.unit, event.commit.value) for event in entries) == charted


def test_events_are_valid_ordered_and_counted_per_pump(whole):
    _, of, records = whole
    kinds = {topics.KEYSTROKES: KeystrokeEvent, topics.POWER: PowerEvent}
    seqs, latest = defaultdict(list), 0
    for topic, key, event, at_ms in records:
        assert at_ms >= latest
        latest = at_ms
        seqs[topic, key].append(event.seq)
        assert event.test
        assert codec.decode(kinds[topic], codec.encode(event)) == event
    assert all(numbers == list(range(len(numbers))) for numbers in seqs.values())
    assert len({key for _, key in seqs}) == len(of.stays)
    assert records[0][3] >= START_MS
    assert latest <= START_MS + of.length_ms + 3_600_000
    assert of.length_ms < 34 * DAY_MS


def test_previous_is_the_last_value_of_that_drug_in_that_unit(whole):
    _, _, records = whole
    last, first = {}, 0
    for event in entries_of(records):
        place = event.pump, event.drug, event.unit
        assert event.previous == last.get(place)
        first += event.previous is None
        last[place] = event.commit.value
    assert first == len(last)


def test_one_channel_for_each_drug_of_a_stay(whole):
    _, _, records = whole
    channels = defaultdict(dict)
    for event in entries_of(records):
        assert channels[event.pump].setdefault(event.drug, event.channel) == event.channel
    assert all(sorted(of.values()) == list(range(1, len(of) + 1)) for of in channels.values())


def test_the_keys_of_every_entry_give_its_value(whole):
    """Without slips, put together by the code of the stream."""
    _, _, records = whole
    entries = OpenEntries()
    for offset, (topic, _, event, _) in enumerate(records):
        whole_entry = entries.add(event, offset) if topic == topics.KEYSTROKES else None
        if whole_entry:
            taken = type_keys(layout(event.model), whole_entry.keys, event.previous)
            assert taken.value == event.commit.value
    assert not len(entries)


def test_an_entry_beyond_a_limit_is_an_override(whole):
    """The value was given, so nothing is cancelled."""
    _, _, records = whole
    actions = Counter((event.commit.action, event.commit.warned is not None) for event in entries_of(records))
    assert set(actions) == {("confirm", False), ("override", True)}
    assert actions["override", True] > 100


def test_no_event_tells_the_stay(whole):
    """Serial numbers of public stays are hashes; the de-identified stay itself enters no topic."""
    _, of, records = whole
    pumps = {key for _, key, _, _ in records}
    assert not any(stay.place in pump for stay in of.stays for pump in pumps)


def test_all_pumps_stop_at_the_end(whole):
    _, _, records = whole
    last = {key: event for topic, key, event, _ in records if topic == topics.POWER}
    assert not any(event.infusing for event in last.values())


def test_the_same_log_seed_and_start_give_the_same_events(real_logs, figures):
    log = Log(str(real_logs["mimic3"]))
    of = plan(log, limit=500)
    first, _ = play(figures, log, of)
    again, _ = play(figures, log, of)
    assert [codec.encode(event) for _, _, event, _ in first] == [codec.encode(event) for _, _, event, _ in again]
    later, _ = play(figures, log, of, start_ms=START_MS + 1000)
    assert not {event.id for _, _, event, _ in first} & {event.id for _, _, event, _ in later}


def test_one_hospital_or_the_first_rows_only(real_logs):
    log = Log(str(real_logs["eicu"]))
    for name in ("eicu-144", "144"):
        of = plan(log, hospital=name)
        assert of.entries == sum(entry.hospital == "eicu-144" for entry in log.entries)
        assert of.left_out["of another hospital"] == 19_450 - of.entries
    of = plan(log, limit=100)
    assert (of.entries, of.left_out["beyond --limit"]) == (100, 19_350)


def test_slips_only_when_asked_for(real_logs, figures):
    """None by default; with a rate of 5% that share of the rows, each told in the truth."""
    log = Log(str(real_logs["mimic3"]))
    _, truths = play(figures, log, only_entries := plan(log), heartbeat=0, habits=False)
    entries = [truth for truth in truths if isinstance(truth, EntryTruth)]
    assert len(entries) == only_entries.entries
    assert all(truth.slip is None and truth.typed == truth.meant for truth in entries)
    records, truths = play(figures, log, slip_rate=0.05, heartbeat=0, habits=False)
    slips = [truth for truth in truths if isinstance(truth, EntryTruth) and truth.slip]
    assert len(slips) / 7335 == pytest.approx(0.05, abs=4 * sqrt(0.05 * 0.95 / 7335))
    assert len(entries_of(records)) == 7335


def test_without_habits_every_pump_stays_on_mains(real_logs, figures):
    log = Log(str(real_logs["mimic3"]))
    of = plan(log, limit=300)
    records, _ = play(figures, log, of, habits=False, heartbeat=30)
    power = [event for topic, _, event, _ in records if topic == topics.POWER]
    assert {event.source for event in power} == {"mains"}
    assert {event.kind for event in power} == {"heartbeat", "started", "stopped"}
    records, _ = play(figures, log, of, habits=False, heartbeat=0)
    assert "heartbeat" not in {event.kind for topic, _, event, _ in records if topic == topics.POWER}


def test_a_log_of_ones_own_keeps_its_pumps_and_their_common_time(tmp_path, figures):
    """Pump B's row is two hours after pump A's, as in the file; its own previous value counts."""
    path = tmp_path / "own.csv"
    path.write_text(
        "hospital,care_area,pump,at,drug,unit,value,previous,model\n"
        "H,ICU,B,2026-01-01T10:00:00Z,heparin,units/h,1200,1100,colleague\n"
        "H,ICU,A,2026-01-01T08:00:00Z,heparin,units/h,1000,,\n"
        "H,ICU,A,2026-01-01T11:00:00Z,heparin,units/h,900,,\n"
    )
    records, _ = play(figures, Log(str(path)))
    entries = entries_of(records)
    assert [(event.pump, event.commit.value, event.previous) for event in entries] == [
        ("A", 1000, None), ("B", 1200, 1100), ("A", 900, 1000),
    ]  # fmt: skip
    after = [(codec.ms(event.at) - START_MS) / 3_600_000 for event in entries]
    assert after == pytest.approx([0, 2, 3], abs=0.03)
    assert entries[1].model == "colleague"


def test_gaps_too_long_for_kafka_are_cut(tmp_path, figures):
    """A year between two rows becomes less than 34 days; short gaps stay."""
    path = tmp_path / "long.csv"
    rows = ["2025-01-01T00:00:00Z", "2025-01-01T01:00:00Z", "2026-01-01T00:00:00Z"]
    path.write_text(OWN + "".join(f"H,ICU,P,{at},heparin,units/h,{number}\n" for number, at in enumerate(rows, 1)))
    log = Log(str(path))
    of = plan(log)
    assert of.gaps_cut == 1
    assert of.length_ms <= 34 * DAY_MS
    records, _ = play(figures, log, of, heartbeat=0)
    times = [codec.ms(event.at) for event in entries_of(records)]
    assert times[1] - times[0] == pytest.approx(3_600_000, abs=60_000)


def test_rows_of_one_moment_are_entered_one_after_the_other(tmp_path, figures):
    path = tmp_path / "together.csv"
    drugs = [f"drug {number}" for number in range(30)]
    path.write_text(OWN + "".join(f"H,ICU,P,2026-01-01T08:00:00Z,{drug},mL/h,12.5\n" for drug in drugs))
    records, _ = play(figures, Log(str(path)))
    entries = entries_of(records)
    assert [event.drug for event in entries] == drugs
    times = [codec.ms(event.at) for event in entries]
    assert all(after - before >= 1000 for before, after in pairwise(times))

"""Entries put together from keys: what is late, what holds, and clocks that are off."""

from datetime import timedelta

import msgspec
import pytest

from schemas.codec import EventRefused
from schemas.events import KeystrokeEvent
from streams.intent import entries
from streams.intent.entries import OpenEntries
from tests.made_events import entry, fields_of, in_pieces, keys, now

STARTED = now()


def pieces(pump: str, number: int, typed: str, minutes: float = 0) -> list[KeystrokeEvent]:
    return in_pieces(entry(pump, number, typed, STARTED + timedelta(minutes=minutes)))


def test_chunks_single_keys_and_the_whole_give_the_same_keys():
    """The keys and their times are the same however the pump sends them, even if chunks arrive out of order."""
    whole = entry("p", 1, "44.8", STARTED)
    chunk = [
        KeystrokeEvent(
            **fields_of(whole)
            | {"id": f"c{number}", "keys": list(part), "commit": whole.commit if number == 2 else None}
        )
        for number, part in enumerate((whole.keys[2:3], whole.keys[:2], whole.keys[3:]))
    ]
    open_entries = OpenEntries()
    at_once = open_entries.add(whole, 0)
    first, second, third = chunk
    other = OpenEntries()
    assert other.add(first, 0) is None
    assert other.add(second, 1) is None
    in_chunks = other.add(third, 2)
    assert at_once is not None
    assert in_chunks is not None
    assert at_once.keys == in_chunks.keys
    assert at_once.at == in_chunks.at == STARTED + timedelta(milliseconds=whole.keys[-1].t)


def test_a_key_after_ten_minutes_without_one_is_late_and_so_are_those_that_follow():
    first, second, *_ = pieces("p", 1, "45")
    open_entries = OpenEntries()
    open_entries.add(first, 0)
    late = KeystrokeEvent(**fields_of(second) | {"at": first.at + timedelta(minutes=10, milliseconds=1)})
    for offset in (1, 2):
        with pytest.raises(EventRefused) as refusal:
            open_entries.add(late, offset)
        assert refusal.value.error_class == "late"
        assert "field `entry`" in refusal.value.reason
    assert len(open_entries) == 0


def test_a_pump_that_goes_on_for_ten_minutes_abandons_its_open_entry():
    """The pump's own events count, on whichever channel; those of another pump do not."""
    first, second, *_ = pieces("p", 1, "45")
    open_entries = OpenEntries()
    open_entries.add(first, 0)
    open_entries.add(entry("other", 2, "5", STARTED + timedelta(minutes=30)), 1)
    assert len(open_entries) == 1
    open_entries.add(entry("p", 3, "5", STARTED + timedelta(minutes=11), channel=2), 2)
    assert len(open_entries) == 0
    with pytest.raises(EventRefused):
        open_entries.add(second, 3)


def test_a_key_at_exactly_ten_minutes_still_belongs():
    first, second, *_ = pieces("p", 1, "45")
    open_entries = OpenEntries()
    open_entries.add(first, 0)
    open_entries.add(KeystrokeEvent(**fields_of(second) | {"at": first.at + timedelta(minutes=10)}), 1)
    assert len(open_entries) == 1


def test_a_pump_whose_clock_is_hours_off_releases_nobody():
    """A skewed clock counts from where the partition stood: only its progress moves the others on."""
    first, *_ = pieces("p", 1, "45")
    open_entries = OpenEntries()
    open_entries.add(first, 5)
    for minute in range(9):
        open_entries.add(entry("skewed", minute, "5", STARTED + timedelta(hours=20, minutes=minute)), 6 + minute)
        assert open_entries.hold() == 5
    for minute in (10, 11):
        open_entries.add(entry("skewed", minute, "5", STARTED + timedelta(hours=20, minutes=minute)), 20 + minute)
    assert open_entries.hold() is None


def test_an_entry_that_no_longer_holds_is_still_completed():
    """Only the clock may have been wrong: the entry stays in memory until its own pump says that it is over."""
    first, second, third = pieces("p", 1, "45")
    open_entries = OpenEntries()
    open_entries.add(first, 0)
    for offset, minute in enumerate((5, 11, 16), 1):
        open_entries.add(entry("other", offset, "5", STARTED + timedelta(minutes=minute)), offset)
    assert open_entries.hold() is None
    assert open_entries.add(second, 10) is None
    done = open_entries.add(third, 11)
    assert done is not None
    assert [key for _, key in done.keys] == ["4", "5"]


def test_the_hold_moves_to_the_next_open_entry():
    open_entries = OpenEntries()
    one, another = pieces("a", 1, "45"), pieces("b", 2, "7")
    open_entries.add(one[0], 10)
    open_entries.add(another[0], 11)
    assert open_entries.hold() == 10
    for offset, piece in enumerate(one[1:], 12):
        open_entries.add(piece, offset)
    assert open_entries.hold() == 11


def test_open_entries_are_bounded(monkeypatch):
    """Pumps that open entries and never end them cost a bounded amount of memory: the oldest is given up."""
    monkeypatch.setattr(entries, "MAX_OPEN", 10)
    open_entries = OpenEntries()
    for number in range(50):
        open_entries.add(pieces(f"p{number}", number, "45")[0], number)
    assert len(open_entries) == 10
    assert open_entries.hold() == 40


def test_a_record_read_again_changes_nothing():
    first, second, commit = pieces("p", 1, "45")
    open_entries = OpenEntries()
    open_entries.add(first, 0)
    open_entries.add(second, 1)
    assert open_entries.add(first, 0) is None
    assert open_entries.add(second, 1) is None
    done = open_entries.add(commit, 2)
    assert done is not None
    assert [key for _, key in done.keys] == ["4", "5"]


def test_the_clear_key_alone_is_an_entry_without_a_number():
    done = OpenEntries().add(entry("p", 1, "5", STARTED, keys=keys("")), 0)
    assert done is not None
    assert done.keys == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"commit": {"action": "confirm", "value": 5e-324, "warned": None}}, "commit.value"),
        ({"previous": 1e-300}, "previous"),
        ({"concentration": 9e-10}, "concentration"),
    ],
)
def test_a_quantity_too_small_to_be_one_is_refused_by_name(changes, field):
    """It would break the arithmetic of doses; 0 is a quantity."""
    event = msgspec.convert(msgspec.to_builtins(entry("p", 1, "5", STARTED)) | changes, KeystrokeEvent)
    with pytest.raises(EventRefused, match=f"field `{field}`: .* is less than any pump can take") as refused:
        OpenEntries().add(event, 0)
    assert refused.value.error_class == "schema"
    zero = entry("p", 2, "5", STARTED, previous=0.0)
    assert OpenEntries().add(zero, 1) is not None

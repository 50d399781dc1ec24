"""When refused records mean a wrong deployment."""

import random
from types import SimpleNamespace

import pytest

from schemas.codec import EventRefused
from streams.dead_letters import (
    LARGEST_LETTER,
    PUMPS_THAT_TELL,
    TRUNCATED,
    DeadLetters,
    RefusalLimit,
    TooManyRefusedError,
)


def key(number: int) -> bytes:
    return f"pump{number}".encode()


def test_a_bad_pump_that_floods_a_topic_never_stops_the_worker():
    """All its records are refused, but the other pumps are well."""
    limit = RefusalLimit("pump.keystrokes.v1", window=100, max_ratio=0.9)
    for number in range(5000):
        limit.note(b"bad", refused=True)
        if number % 30 == 0:
            limit.note(key(number % 7), refused=False)


def test_a_third_of_all_records_refused_never_stops_the_worker():
    limit = RefusalLimit("pump.keystrokes.v1", window=100, max_ratio=0.5)
    for number in range(1000):
        limit.note(key(number % 50), refused=number % 3 == 0)


def test_many_pumps_refused_stop_the_worker_and_it_says_what_to_do():
    limit = RefusalLimit("pump.keystrokes.v1", window=100, max_ratio=0.95)
    for number in range(99):
        limit.note(key(number), refused=True)
    expected = r"100 of the last 100 records of pump.keystrokes.v1 .* 100 of 100 pumps.*pumpwatch dlq list"
    with pytest.raises(TooManyRefusedError, match=expected):
        limit.note(key(99), refused=True)


def test_fewer_records_than_the_window_are_no_verdict():
    limit = RefusalLimit("pump.power.v1", window=100, max_ratio=0.95)
    for number in range(99):
        limit.note(key(number), refused=True)


def test_while_all_is_well_nothing_is_counted():
    limit = RefusalLimit("pump.power.v1", window=10, max_ratio=0.95)
    limit.note(b"bad", refused=True)
    for number in range(30):
        limit.note(key(number), refused=False)
    assert not limit._recent
    assert not limit._by_pump


def test_old_records_leave_the_window():
    """The counts by pump are those of a window computed anew."""
    dice, window = random.Random(7), 50
    limit = RefusalLimit("pump.power.v1", window=window, max_ratio=1.0)
    sent = [(key(dice.randrange(PUMPS_THAT_TELL)), dice.random() < 0.5) for _ in range(500)]
    sent.insert(0, (key(0), True))
    for count, (pump, refused) in enumerate(sent, start=1):
        limit.note(pump, refused=refused)
        kept = sent[max(0, count - window) : count]
        bad = {pump for pump, _ in kept} - {pump for pump, refused in kept if not refused}
        assert limit._only_refused == len(bad)
        assert limit._refused == sum(refused for _, refused in kept)
        assert set(limit._by_pump) == {pump for pump, _ in kept}


def buried(value: bytes) -> dict:
    """What goes to the dead letters of a refused record."""
    sent = []
    outbox = SimpleNamespace(send=lambda topic, **record: sent.append({"topic": topic, **record}))
    record = SimpleNamespace(
        topic="pump.power.v1", partition=3, offset=7, timestamp=1, key=b"p1", value=value, headers=[("ce_id", b"x")]
    )
    DeadLetters(outbox, window=100, max_ratio=0.9).bury(record, EventRefused("too_large", "too large"))
    [letter] = sent
    return letter


def test_a_refused_record_is_kept_untouched():
    letter = buried(b"\xff" * 1_048_576)
    assert (letter["topic"], letter["key"], letter["value"]) == ("pump.power.v1.dlq", b"p1", b"\xff" * 1_048_576)
    assert ("ce_id", b"x") in letter["headers"]


def test_of_a_record_larger_than_a_dead_letter_can_be_the_beginning_is_kept():
    """A compressed batch may hold 50 MB; a letter that Kafka refuses would end every worker that reads it."""
    letter = buried(b"\0" * 50_000_000)
    headers = dict(letter["headers"])
    assert len(letter["value"]) < LARGEST_LETTER
    assert int(headers[TRUNCATED]) > 50_000_000
    assert headers["dlq-original-offset"] == b"7"

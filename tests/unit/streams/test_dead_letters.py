"""When refused records mean a wrong deployment."""

import pytest

from streams.dead_letters import RefusalLimit, TooManyRefusedError


def test_a_bad_pump_among_good_ones_never_stops_the_worker():
    limit = RefusalLimit("pump.keystrokes.v1", window=100, max_ratio=0.5)
    for number in range(1000):
        limit.note(refused=number % 3 == 0)


def test_a_topic_of_refused_records_stops_the_worker_and_says_what_to_do():
    limit = RefusalLimit("pump.keystrokes.v1", window=100, max_ratio=0.95)
    for _ in range(99):
        limit.note(refused=True)
    with pytest.raises(TooManyRefusedError, match=r"of the last 100 records of pump.keystrokes.v1.*pumpwatch dlq list"):
        limit.note(refused=True)


def test_fewer_records_than_the_window_are_no_verdict():
    limit = RefusalLimit("pump.power.v1", window=100, max_ratio=0.95)
    for _ in range(99):
        limit.note(refused=True)


def test_old_refusals_leave_the_window():
    limit = RefusalLimit("pump.power.v1", window=100, max_ratio=0.5)
    for _ in range(49):
        limit.note(refused=True)
    for _ in range(100):
        limit.note(refused=False)
    for _ in range(49):
        limit.note(refused=True)

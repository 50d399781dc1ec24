"""Events reach their sink at their pace, until something ends it."""

import os
import signal
from io import BytesIO

import msgspec
import pytest

from schemas import topics
from services.pumps import timeline
from services.pumps.feed import Lines, feed
from services.pumps.simulator import simulated
from services.pumps.timeline import Pace
from tests.unit.pumps.conftest import START_MS


class Kept:
    def __init__(self, act=None):
        self.events = []
        self.act = act

    def publish(self, topic, key, event):
        self.events.append((topic, key, event))
        if self.act:
            self.act(len(self.events))

    def poll(self, timeout_s):
        pass


@pytest.fixture
def fleet(figures):
    return simulated(pumps=30, hospitals=2, seed=1, start_ms=START_MS, behaviour=figures, busy=50)


def test_it_ends_at_a_time_on_the_pumps_clocks(fleet):
    """Ten minutes of 30 pumps: ten heartbeats each, and what else happened before then."""
    sink = Kept()
    count = feed(fleet.records(), sink, Pace(START_MS, 0), until_ms=START_MS + 600_000)
    beats = [event for topic, _, event in sink.events if topic == topics.POWER and event.kind == "heartbeat"]
    assert len(beats) == 300
    assert count.events == len(sink.events) == count.keystrokes + count.power
    assert count.entries == sum(bool(getattr(event, "commit", None)) for _, _, event in sink.events) > 0
    assert not count.interrupted


def test_it_ends_after_a_time_of_ours(fleet):
    """Real pace: in 0.3 s of a minute's heartbeats only the first few are due."""
    sink = Kept()
    count = feed(fleet.records(), sink, Pace(START_MS, 1), for_s=0.3)
    assert count.events < 10
    assert 0.29 <= count.seconds < 5


def test_one_kind_of_events_only(fleet):
    sink = Kept()
    feed(fleet.records(), sink, Pace(START_MS, 0), only=topics.KEYSTROKES, until_ms=START_MS + 1_200_000)
    assert {topic for topic, *_ in sink.events} == {topics.KEYSTROKES}


def test_sigterm_ends_it_between_two_events(fleet):
    """As a supervisor stops its children: no traceback, the count is kept, the handler is put back."""
    before = signal.getsignal(signal.SIGTERM)
    sink = Kept(lambda number: os.kill(os.getpid(), signal.SIGTERM) if number == 100 else None)
    count = feed(fleet.records(), sink, Pace(START_MS, 0), until_ms=START_MS + 6_000_000)
    assert count.interrupted
    assert len(sink.events) == 100
    assert signal.getsignal(signal.SIGTERM) is before


def test_progress_is_told_twice_a_second(fleet, monkeypatch):
    monkeypatch.setattr(timeline, "time", lambda: START_MS)  # a present that 30 pumps do not catch up with
    seen = []
    feed(fleet.records(), Kept(), Pace(START_MS, 60), for_s=1.3, on_tick=lambda count: seen.append(count.events))
    assert 1 <= len(seen) <= 3
    assert seen == sorted(seen)


def test_lines_are_ndjson(fleet):
    file = BytesIO()
    count = feed(fleet.records(), Lines(file), Pace(START_MS, 0), until_ms=START_MS + 120_000)
    lines = file.getvalue().splitlines()
    assert len(lines) == count.events
    assert all(msgspec.json.decode(line)["test"] is True for line in lines)

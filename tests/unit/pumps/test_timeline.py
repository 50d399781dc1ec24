"""Logs fit into the time that Kafka's events may have, and play at the speed asked for."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pumps import timeline
from services.pumps.timeline import DAY_MS, Pace, shorten, start_for


class Clock:
    """A wall clock and a monotonic one that move only when somebody sleeps."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        self.slept = []
        monkeypatch.setattr(timeline, "monotonic", lambda: self.now)
        monkeypatch.setattr(timeline, "time", lambda: self.now)

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30), st.integers(1, 10**8))
def test_only_the_longest_gaps_shrink(times, most):
    """The span fits, the order stays, shorter gaps are untouched, and no more is cut than needed."""
    times = sorted(times)
    short = shorten(times, most)
    gaps, cut = [b - a for a, b in pairwise(times)], [b - a for a, b in pairwise(short.times)]
    assert short.times[-1] - short.times[0] <= most
    assert all(after == min(before, short.cap_ms) for before, after in zip(gaps, cut, strict=True))
    assert short.gaps == sum(before > after for before, after in zip(gaps, cut, strict=True))
    assert short.cut_ms == sum(gaps) - sum(cut)
    if short.gaps:
        assert sum(cut) > most - len(gaps)


@pytest.mark.parametrize(("speed", "behind_days"), [(1, 0), (2, 5), (10, 9), (0, 10)])
def test_a_log_ends_at_the_present(speed, behind_days):
    """Ten days at speed 10 take one day, so they begin nine days ago."""
    now = 100 * DAY_MS
    assert start_for(10 * DAY_MS, speed, now) == now - behind_days * DAY_MS


def test_events_wait_for_their_time(monkeypatch):
    clock = Clock(monkeypatch)
    pace = Pace(0, 2.0)
    assert pace.wait(10_000, clock.sleep) is True
    assert clock.now == pytest.approx(1005)
    assert max(clock.slept) <= 0.2
    assert pace.wait(9_000, clock.sleep) is False


def test_a_deadline_ends_the_wait(monkeypatch):
    clock = Clock(monkeypatch)
    assert Pace(0, 1.0).wait(3_600_000, clock.sleep, deadline=1001.0) is True
    assert clock.now == pytest.approx(1001)


def test_as_fast_as_possible_never_waits(monkeypatch):
    clock = Clock(monkeypatch)
    assert Pace(0, 0.0).wait(10**12, clock.sleep) is False
    assert not clock.slept


def test_pumps_that_caught_up_go_on_in_step(monkeypatch):
    """A minute behind at speed 61: after one second the present is reached, then a second takes a second."""
    clock, told = Clock(monkeypatch), []
    start = round((clock.now - 60) * 1000)
    pace = Pace(start, 61.0, on_caught_up=lambda: told.append(clock.now))
    pace.wait(start + 30_500, clock.sleep)
    assert clock.now == pytest.approx(1000.5)
    assert not told
    pace.wait(start + 61_000, clock.sleep)
    assert told == [pytest.approx(1001)]
    pace.wait(start + 71_000, clock.sleep)
    assert clock.now == pytest.approx(1011)
    assert len(told) == 1

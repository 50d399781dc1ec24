"""Which states of pumps go to Redis."""

from datetime import UTC, datetime, timedelta
from unittest.mock import AsyncMock

import pytest

from streams.sink.live import LivePumps
from tests.made_events import heartbeat

START = datetime(2026, 11, 23, 17, tzinfo=UTC)


@pytest.fixture
def pumps() -> LivePumps:
    return LivePumps(AsyncMock(samples_kept=576))


def written(pumps: LivePumps) -> list[int]:
    """The offsets that wait for Redis, taken away as the writer does."""
    waiting, pumps._pending = pumps._pending, {}
    return [offset for offset, _ in waiting.values()]


def later(seconds: float, **changes):
    return heartbeat("p1", 1, START + timedelta(seconds=seconds), **changes)


def test_an_unchanged_pump_is_written_every_ten_seconds(pumps):
    for offset, seconds in enumerate((0, 4, 9, 10)):
        pumps.note(offset, later(seconds))
        assert written(pumps) == ([offset] if seconds in {0, 10} else [])


def test_an_event_that_was_overtaken_is_not_shown(pumps):
    pumps.note(1, later(0, source="battery"))
    pumps.note(2, later(-30, source="mains"))
    assert written(pumps) == [1]
    pumps.note(3, later(-30, source="mains"))
    assert written(pumps) == []


@pytest.mark.parametrize("shown", [True, False])
def test_a_pump_whose_clock_was_set_back_an_hour_stays_online(pumps, shown):
    """It would be missing from the board until its clock had caught up."""
    pumps.note(1, later(0))
    if shown:
        written(pumps)
    pumps.note(2, later(-3600))
    assert written(pumps) == [2]

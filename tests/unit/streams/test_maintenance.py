"""The maintenance windows that a worker follows."""

import pytest

from schemas.codec import EventRefused, encode
from streams.alerts.maintenance import window_key
from streams.maintenance import Maintenance
from tests.made_alerts import Timeline, score, window
from tests.made_power import at

[ALERT] = Timeline().play(score(5, harm="moderate"))


def key_of(made) -> bytes:
    return window_key(made.hospital, made.window).encode()


def put(maintenance: Maintenance, made) -> None:
    maintenance.put(key_of(made), encode(made))


def test_windows_are_in_force_as_the_topic_tells_them():
    """Planned, ended early, and gone with a tombstone; whoever asks sees another object only after a change."""
    maintenance = Maintenance()
    nothing = maintenance.windows
    assert nothing.holding(ALERT, at(10)) is None
    put(maintenance, window(0, 60))
    planned = maintenance.windows
    assert planned is not nothing
    assert planned is maintenance.windows
    assert planned.holding(ALERT, at(10)) == "w1"
    put(maintenance, window(0, 60, revision=2, cancelled_at=at(5)))
    assert maintenance.windows.holding(ALERT, at(10)) is None
    put(maintenance, window(0, 60, window="w2"))
    assert maintenance.windows.holding(ALERT, at(10)) == "w2"
    maintenance.drop(b"st-test/w2")
    assert maintenance.windows.holding(ALERT, at(10)) is None


def test_an_older_revision_changes_nothing():
    """A window that was ended stays so, whatever is sent again."""
    maintenance = Maintenance()
    put(maintenance, window(0, 60, revision=2, cancelled_at=at(5)))
    before = maintenance.windows
    put(maintenance, window(0, 60))
    maintenance.drop(b"st-test/other")
    assert maintenance.windows is before


def test_what_is_no_window_is_refused():
    """Bytes that do not fit, and a window under a key that compaction would take for another."""
    maintenance = Maintenance()
    with pytest.raises(EventRefused, match="not JSON"):
        maintenance.put(b"st-test/w1", b"{nothing")
    with pytest.raises(EventRefused, match='record key must be "st-test/w1"'):
        maintenance.put(b"w1", encode(window(0, 60)))
    assert maintenance.windows.holding(ALERT, at(10)) is None


def test_slashes_in_names_keep_keys_apart():
    """Hospital `a/b` with window `c` is not hospital `a` with window `b/c`."""
    assert window_key("a/b", "c") != window_key("a", "b/c")

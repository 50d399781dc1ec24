"""The follower of the drug libraries outlives whatever is published."""

from types import SimpleNamespace

import pytest

from schemas.codec import EventRefused
from streams.libraries import Libraries, LibraryFollower


@pytest.fixture
def libraries() -> Libraries:
    return Libraries()


@pytest.mark.parametrize("failure", [EventRefused("schema", "no"), ValueError("a bug of ours"), KeyError("x")])
def test_a_library_that_fails_does_not_end_the_thread(libraries, monkeypatch, failure):
    """It would end unnoticed, and no later library would ever judge."""
    follower = LibraryFollower({"bootstrap.servers": "127.0.0.1:1"}, libraries)

    def put(_: bytes) -> None:
        raise failure

    monkeypatch.setattr(libraries, "put", put)
    follower.take_safely(SimpleNamespace(key=lambda: b"st-own", value=lambda: b"{}"))


def test_a_broker_that_is_away_at_the_start_is_asked_again(libraries):
    follower = LibraryFollower({"bootstrap.servers": "127.0.0.1:1"}, libraries)
    follower.start()
    follower.join(0.5)
    assert follower.is_alive()
    follower.stop()
    follower.join(60)
    assert not follower.is_alive()

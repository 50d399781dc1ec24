"""What a worker takes from the topic of learned states."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from schemas.codec import encode
from schemas.events import IntentState
from streams.intent.state import LEARNING_VERSION
from streams.learned_states import WAITING, StateFollower, StateReader, state_key


def state(offset: int, drug: str = "heparin", version: str = LEARNING_VERSION, partition: int = 4) -> IntentState:
    return IntentState(
        id=f"{drug}/{offset}", hospital="st-test", at=datetime(2026, 11, 23, tzinfo=UTC), drug=drug, unit="units/h",
        partition=partition, through=(offset, 0), learning_version=version,
    )  # fmt: skip


def written(one: IntentState | None, key: bytes | None = None) -> SimpleNamespace:
    key = key or (b"" if one is None else state_key(one).encode())
    return SimpleNamespace(key=lambda: key, value=lambda: None if one is None else encode(one))


@pytest.fixture
def said() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def reader(said) -> StateReader:
    return StateReader(lambda what, reason: said.append((what, reason)))


def test_of_each_cell_the_furthest_counts_and_a_late_older_one_is_noticed(reader):
    """A worker that lost its partitions unawares may have written after its successor."""
    records = [state(1), state(5), state(9), state(3, "insulin"), state(7)]
    found = reader.furthest(4, map(written, records))
    assert [(one.through, one.older_last) for one in found] == [((9, 0), True), ((3, 0), False)]
    assert found[0].raw == encode(state(9))


def test_a_tombstone_and_a_state_of_another_partition_count_for_nothing(reader):
    gone = written(None, state_key(state(1)).encode())
    assert reader.furthest(4, [written(state(1)), gone, written(state(2, partition=5))]) == []


def test_states_by_other_rules_are_ignored_with_one_line(reader, said):
    for offset in range(100):
        assert reader.read(encode(state(offset, version="learned-0"))) is None
    assert said == [("learned states by other rules are ignored", "learned-0")]
    assert reader.read(encode(state(1))) == state(1)


def test_what_is_no_state_is_passed_over(reader, said):
    for raw in (b"{}", b"nonsense", b"", None):
        assert reader.read(raw) is None
    assert len(said) == 2


def test_the_follower_waits_while_the_loop_has_enough_to_fetch(reader):
    """A topic of millions of states must not fill memory; a follower that is stopped waits no longer."""
    follower = StateFollower({"bootstrap.servers": "127.0.0.1:1"}, reader)
    for offset in range(WAITING):
        follower.take(written(state(offset)))
    follower.stop()
    follower.take(written(state(WAITING)))
    assert [follower.fetch().through[0] for _ in range(WAITING)] == list(range(WAITING))
    assert follower.fetch() is None


def test_slashes_in_names_are_escaped_in_the_key():
    """Or a drug named `a/mL` would compact another one away."""
    assert state_key(state(1, "a/b%")) == "st-test/a%2Fb%25/units%2Fh/4"

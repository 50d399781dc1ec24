"""When a worker tells what it learned, and to whom it listens."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from schemas.codec import decode, encode
from schemas.events import IntentState
from streams.agents import learning as learning_here
from streams.agents.learning import LearningHere
from streams.intent.learned import Lesson
from streams.intent.shelf import Drug
from streams.learned_states import Furthest
from streams.settings import Settings
from streams.worker_metrics import WorkerMetrics

AT = datetime(2026, 11, 23, tzinfo=UTC)


class Sent:
    """An outbox that keeps what is sent: (partition, state)."""

    def __init__(self) -> None:
        self.states: list[tuple[int, IntentState]] = []
        self.crowded = False

    def send(self, _topic: str, *, key: bytes, value: bytes, partition: int, headers: list) -> None:
        self.states.append((partition, decode(IntentState, value)))


@pytest.fixture
def outbox() -> Sent:
    return Sent()


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """The time in seconds, moved by hand."""
    seconds = [1000.0]
    monkeypatch.setattr(learning_here, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    return seconds


@pytest.fixture
def here(outbox, clock) -> LearningHere:
    return worker(outbox)


def worker(outbox: Sent, intent_learning: str = "on") -> LearningHere:
    made = LearningHere(Settings(kafka="127.0.0.1:1", intent_learning=intent_learning), outbox, WorkerMetrics())
    asyncio.run(made.take_up(4, []))
    asyncio.run(made.take_up(5, []))
    return made


def teach(here: LearningHere, partition: int, offset: int, drug: str = "heparin") -> None:
    lesson = Lesson(Drug("h", drug, "units/h"), "adult_icu", 1000.0, None, AT, AT.toordinal(), False)
    assert here.learned.teach(lesson, partition, (offset, 0))


def test_what_changed_is_told_every_30_seconds_to_the_partition_of_its_source(here, outbox, clock):
    teach(here, 4, 1)
    teach(here, 5, 1)
    clock[0] += 29
    here.turn()
    assert outbox.states == []
    clock[0] += 1
    here.turn()
    assert [(partition, state.partition, state.through) for partition, state in outbox.states] == [
        (4, 4, (1, 0)),
        (5, 5, (1, 0)),
    ]
    clock[0] += 30
    here.turn()
    assert len(outbox.states) == 2, "nothing changed since"


def test_partitions_that_are_taken_away_are_told_at_once_and_no_more(here, outbox, clock):
    teach(here, 4, 1)
    teach(here, 5, 1)
    here.let_go([5, 6])
    assert [partition for partition, _ in outbox.states] == [5]
    clock[0] += 30
    here.turn()
    assert [partition for partition, _ in outbox.states] == [5, 4]


def test_a_full_outbox_is_waited_for_and_nothing_is_left_out(here, outbox, clock):
    """What its turn came for is told later, though by then the next 30 seconds are over."""
    for number in range(10):
        teach(here, 4, number, f"drug {number}")
    outbox.crowded = True
    for _ in range(3):
        clock[0] += 30
        here.turn()
    assert outbox.states == []
    outbox.crowded = False
    here.turn()
    assert {state.drug for _, state in outbox.states} == {f"drug {number}" for number in range(10)}


def test_a_stop_tells_what_is_untold(here, outbox):
    teach(here, 4, 1)
    here.close()
    assert len(outbox.states) == 1


def test_frozen_has_no_teacher_and_tells_nothing(outbox, clock):
    frozen = worker(outbox, "frozen")
    assert frozen.teacher(lambda _hospital: None, 4) is None
    teach(frozen, 4, 1)
    clock[0] += 30
    frozen.turn()
    frozen.close()
    assert outbox.states == []


def test_a_state_that_stands_behind_an_older_one_is_told_again(here, outbox, clock):
    """Compaction keeps the last of a key, so the furthest must become the last."""
    teach(here, 4, 7)
    here.close()
    (_, state), before = outbox.states[0], len(outbox.states)
    successor = worker(outbox)
    asyncio.run(successor.take_up(4, [Furthest(state.through, encode(state), older_last=True)]))
    successor.close()
    assert [told for _, told in outbox.states[before:]] == [state]

"""What workers learn and tell each other. Apache Kafka and real Redis."""

from datetime import timedelta

import pytest

from schemas.codec import decode, encode
from schemas.events import IntentState, KeystrokeEvent
from schemas.library import Library, load_default
from schemas.topics import INTENT_STATE, KEYSTROKES
from services.learned import from_topic
from streams.intent import parameters
from streams.intent.learned import Learned, LearnedOf
from streams.intent.partition import DosePartition
from streams.intent.score import DoseScorer
from streams.intent.teacher import Teacher
from streams.learned_states import state_key
from streams.settings import Settings
from tests.integration.stream import eventually, latest, producer, publish, settled
from tests.made_events import entry, now

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

STARTED = now() - timedelta(hours=20)
PUMPS = 16
ENTRIES = 20
VALUES = ("5", "6", "7", "8", "6.5", "70", "7")


def entries(hospital: str, first: int, last: int) -> list[KeystrokeEvent]:
    """Entries of sixteen pumps, 40 minutes apart: each shows that the one before it stood."""
    found = []
    for number in range(first, last):
        for pump in range(PUMPS):
            typed = VALUES[(number + pump) % len(VALUES)]
            at = STARTED + timedelta(minutes=40 * number, seconds=pump)
            found.append(entry(f"{hospital}-{pump}", number, typed, at, hospital=hospital, previous=6.0))
    return found


def at_once(events: list[KeystrokeEvent]) -> LearnedOf:
    """What one partition learns of them without interruption."""
    library, learned = Library(load_default()), Learned()
    partition = DosePartition(
        DoseScorer(parameters.load(), lambda _: library, learned=learned), Teacher(learned, lambda _: library)
    )
    for offset, event in enumerate(events):
        partition.apply(event, offset)
    return known(learned, events[0].hospital)


def known(learned: Learned, hospital: str) -> LearnedOf:
    found = learned.of(hospital, "norepinephrine", "mcg/min", "adult_icu")
    return found or LearnedOf(0, 1.0, 0)


def told(kafka: str, hospital: str) -> LearnedOf:
    """What the topic says of a hospital, all partitions together."""
    return known(from_topic(Settings.load(kafka=kafka)), hospital)


def learned_drugs(worker) -> float:
    """How many drugs of hospitals a worker knows of."""
    lines = worker.metrics().splitlines()
    return float(next(line for line in lines if line.startswith("pumpwatch_worker_learned_drugs ")).split()[1])


def test_kill_and_restart_count_nothing_twice_and_lose_nothing_that_was_told(topics, redis_url, worker):
    """Killed in mid-stream, then stopped gracefully: in the end the topic holds what one pass would have learned."""
    events = entries("st-survives", 0, ENTRIES)
    half = len(events) // 2
    expected = at_once(events)
    first = worker(INTENT_STATE_EVERY_S="1")
    publish(topics, events[:half])
    eventually(lambda: told(topics, "st-survives").entries > 0, 90, "something was told")
    first.kill()
    publish(topics, events[half:])
    second = worker(INTENT_STATE_EVERY_S="3600")
    settled(topics, [KEYSTROKES])
    assert second.terminate() == 0, "what is untold is told at a graceful stop"
    survived = told(topics, "st-survives")
    assert survived.entries == pytest.approx(expected.entries, rel=1e-3)
    assert survived.values == pytest.approx(expected.values, rel=1e-3)

    third = worker(INTENT_STATE_EVERY_S="1")
    publish(topics, entries("st-survives", ENTRIES, ENTRIES + 1))
    expected = at_once(entries("st-survives", 0, ENTRIES + 1))
    eventually(
        lambda: told(topics, "st-survives").entries == pytest.approx(expected.entries, rel=1e-3),
        90,
        "the restarted worker goes on from what was learned",
    )
    assert third.healthy()


def test_a_worker_knows_what_others_learn_live(topics, redis_url, worker):
    """Each pump has a hospital of its own and stands in one partition; both workers soon know all of them."""
    one, other = (worker(wait=False, INTENT_STATE_EVERY_S="1") for _ in range(2))
    one.wait_ready()
    other.wait_ready()
    before = len(from_topic(Settings.load(kafka=topics)))
    hospitals = [f"st-live-{number}" for number in range(24)]
    for number in range(2):
        at = STARTED + timedelta(minutes=40 * number)
        publish(topics, [entry(f"live-{name}", number, "6", at, hospital=name) for name in hospitals])
    eventually(lambda: learned_drugs(one) == before + 24, 60, "the first worker knows all hospitals")
    eventually(lambda: learned_drugs(other) == before + 24, 60, "the second worker knows all hospitals")
    taught = [one.health()[1]["records"].get("dose", 0), other.health()[1]["records"].get("dose", 0)]
    assert all(taught), f"both had pumps of their own: {taught}"


def test_frozen_learns_nothing_and_uses_what_was_learned(topics, redis_url, worker):
    """A state in the topic is taken up; entries that stand add nothing to it."""
    state = IntentState(
        id="frozen/1.1", hospital="st-frozen", at=STARTED, drug="norepinephrine", unit="mcg/min", partition=3,
        through=(1, 0), learning_version="learned-1", slips={"missing_digit": 2.0},
    )  # fmt: skip
    stale = [("st-frozen-old", "learned-0"), ("st-frozen-older", "learned-0")]
    sender = producer(topics)
    for hospital, version in [("st-frozen", "learned-1"), *stale]:
        raw = encode(state).replace(b"learned-1", version.encode()).replace(b"st-frozen", hospital.encode())
        sender.produce(INTENT_STATE, raw, state_key(decode(IntentState, raw)), partition=3)
    assert sender.flush(30) == 0
    before = latest(topics, INTENT_STATE, IntentState)
    usable = len(from_topic(Settings.load(kafka=topics)))
    frozen = worker(INTENT_LEARNING="frozen", INTENT_STATE_EVERY_S="1")
    eventually(lambda: learned_drugs(frozen) == usable, 90, "it knows what was learned, by the rules of today")
    publish(topics, entries("st-frozen", 0, 4))
    settled(topics, [KEYSTROKES])
    assert frozen.terminate() == 0
    assert latest(topics, INTENT_STATE, IntentState) == before
    assert frozen.process.log.read_text().count("by other rules are ignored") == 1


def test_partitions_that_move_between_workers_are_counted_once(topics, redis_url, worker):
    """A second worker joins, the first one leaves; neither tells anything before it has to."""
    events = entries("st-moves", 0, 15)
    third = len(events) // 3
    one = worker(INTENT_STATE_EVERY_S="3600")
    publish(topics, events[:third])
    settled(topics, [KEYSTROKES])
    other = worker(INTENT_STATE_EVERY_S="3600")
    publish(topics, events[third : 2 * third])
    settled(topics, [KEYSTROKES])
    assert one.terminate() == 0
    publish(topics, events[2 * third :])
    settled(topics, [KEYSTROKES])
    assert other.terminate() == 0
    moved, expected = told(topics, "st-moves"), at_once(events)
    assert moved.entries == pytest.approx(expected.entries, rel=1e-3)
    assert moved.values == pytest.approx(expected.values, rel=1e-3)

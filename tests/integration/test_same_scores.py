"""One worker, three workers and a file give the same scores, and one and three workers the same sums."""

import itertools
import json
from datetime import timedelta

import pytest

from schemas.codec import decode, encode, ms
from schemas.events import DoseScore, KeystrokeEvent
from schemas.topics import ALERTS, DOSE_SCORES, KEYSTROKES, POWER, POWER_EPISODES, ROLLUPS
from services.pumps import behaviour
from services.pumps.simulator import simulated
from services.topics import create
from tests.integration.stream import publish, scores, settled, topic_sums, whole
from tests.made_events import now
from tests.servers.kafka import Kafka

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

EVENTS = 30_000
FOLLOWING = (KEYSTROKES, POWER, DOSE_SCORES, POWER_EPISODES, ALERTS, ROLLUPS)


@pytest.fixture(scope="module")
def events() -> list:
    """A simulated fleet with many slips: single keys, chunks and whole entries, corrections, pulled plugs."""
    start = ms(now() - timedelta(hours=20))
    fleet = simulated(
        pumps=300, hospitals=3, seed=11, start_ms=start, behaviour=behaviour.load(), slip_rate=0.05, busy=30
    )
    taken = [event for _, _, event, _ in itertools.islice(fleet.records(), EVENTS)]
    # Entries that the cut leaves open would hold the commit back, and the test waits for the commit.
    ended = {event.entry for event in taken if isinstance(event, KeystrokeEvent) and event.commit}
    return [event for event in taken if not isinstance(event, KeystrokeEvent) or event.entry in ended]


@pytest.fixture
def second_kafka(tmp_path):
    """Another broker, so that three workers start from the same empty topics."""
    server = Kafka(tmp_path / "second")
    try:
        server.start()
        create({"bootstrap.servers": server.bootstrap}, replication=1)
        yield server.bootstrap
    finally:
        server.kill()


def by_id(found: list[DoseScore]) -> dict[str, DoseScore]:
    assert len({score.id for score in found}) == len(found), "no score is published twice"
    return {score.id: score for score in found}


def episodes(kafka: str) -> dict[str, dict]:
    found = [json.loads(message.value()) for message in whole(kafka, POWER_EPISODES)]
    return {episode["id"]: episode for episode in found}


def test_the_number_of_workers_changes_nothing(events, topics, second_kafka, redis_url, worker, tmp_path, pumpwatch):
    alone = worker(INTENT_LEARNING="off")  # what is learned depends on when it is heard
    publish(topics, events)
    settled(topics, FOLLOWING)

    settings = {"KAFKA": second_kafka, "GROUP": "three", "REDIS": redis_url, "INTENT_LEARNING": "off"}
    three = [worker(wait=False, **settings) for _ in range(3)]
    for one in three:
        one.wait_ready()
    publish(second_kafka, events)
    settled(second_kafka, FOLLOWING, group="three")
    shares = [one.health()[1]["records"].get("dose", 0) for one in three]
    assert all(shares), f"all three workers took part: {shares}"

    keystrokes = [event for event in events if isinstance(event, KeystrokeEvent)]
    log = tmp_path / "keystrokes.ndjson"
    log.write_bytes(b"\n".join(encode(event) for event in keystrokes) + b"\n")
    scored = pumpwatch("score", str(log))
    assert scored.returncode == 0, scored.stderr
    from_file = by_id([decode(DoseScore, line.encode()) for line in scored.stdout.splitlines()])

    by_one, by_three = by_id(scores(topics)), by_id(scores(second_kafka))
    assert len(by_one) > 1000
    assert {score.resolution for score in by_one.values()} >= {"open", "corrected"}
    assert by_one == by_three
    assert by_one == from_file
    assert episodes(topics) == episodes(second_kafka)
    for one in (alone, *three):
        assert one.terminate() == 0  # minutes of infusing are told at intervals, and at a stop
    sums = topic_sums(topics)
    assert sums == topic_sums(second_kafka)
    assert sum(cell["entries"] for cell in sums.values()) == sum(score.revision == 1 for score in by_one.values())

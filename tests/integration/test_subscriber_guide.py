"""The three recipes of the subscribers' guide, run as they stand against Apache Kafka."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Producer

from schemas import codec
from schemas import topics as declared
from tests.contract.test_subscriber_guide import PROGRAMS

pytestmark = pytest.mark.servers
_, RESUME, FROM_THE_START, WINDOW = PROGRAMS


@pytest.fixture
def publish(topics):
    producer = Producer({"bootstrap.servers": topics})

    def send(topic, key, document, at=None):
        producer.produce(topic, key=key, value=json.dumps(document), timestamp=codec.ms(at) if at else 0)
        assert producer.flush(60) == 0

    return send


def example(topic, situation):
    return next(json.loads(found.raw) for found in declared.iter_examples(topic) if found.situation == situation)


def start(program, kafka):
    command = [sys.executable, "-u", "-c", program]
    environment = {**os.environ, "PUMPWATCH_KAFKA": kafka}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_resume_continues_where_it_was_stopped(topics, publish):
    """Stopped after two scores and started again: the third follows; only one not yet committed may come again."""
    score = example(declared.DOSE_SCORES, "missing-decimal-point")
    for number in (1, 2):
        publish(declared.DOSE_SCORES, "P", score | {"typed": number})
    first = start(RESUME, topics)
    assert [first.stdout.readline().split()[1] for _ in range(2)] == ["1", "2"]
    first.send_signal(signal.SIGINT)
    assert first.wait(60) == 0
    publish(declared.DOSE_SCORES, "P", score | {"typed": 3})
    second = start(RESUME, topics)
    came = [second.stdout.readline().split()[1]]
    if came == ["2"]:
        came = [second.stdout.readline().split()[1]]
    assert came == ["3"]
    second.send_signal(signal.SIGINT)
    assert second.communicate(timeout=60)[0] == ""


def test_reading_from_the_start_gives_the_present_state(topics, publish):
    """The newest revision counts: of two alerts one was resolved since."""
    firing, resolved = (
        example(declared.ALERTS, name) for name in ("dose-entry-error-firing", "resolved-by-correction")
    )
    for key, alert in (("a", firing), ("b", firing), ("a", resolved)):
        publish(declared.ALERTS, key, alert)
    output, errors = start(FROM_THE_START, topics).communicate(timeout=120)
    assert (output, errors) == ("1 alerts are firing\n", "")


def test_window_holds_what_began_in_it(topics, publish):
    """Each episode counts once, with its newest revision; one from before the window does not count."""
    now = datetime.now(UTC)
    episode = example(declared.POWER_EPISODES, "begun")

    def revision(name, started, minutes):
        at = started + timedelta(minutes=minutes)
        written = {"episode": name, "started_at": codec.rfc3339(started), "minutes": minutes}
        publish(declared.POWER_EPISODES, name, episode | written, at)

    revision("yesterday", now - timedelta(hours=25), 5)
    revision("this morning", now - timedelta(hours=6), 0)
    revision("this morning", now - timedelta(hours=6), 30)
    revision("just now", now - timedelta(minutes=20), 12)
    output, errors = start(WINDOW, topics).communicate(timeout=120)
    assert (output, errors) == ("2 episodes, 42 minutes on battery\n", "")

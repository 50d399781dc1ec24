"""Both real infusion logs replayed to the end: every entry has one score, and Redis says what the topics say."""

import json
import re

import pytest

from schemas.topics import ALERTS, DOSE_SCORES, KEYSTROKES, POWER, POWER_EPISODES, ROLLUPS
from tests.integration.stream import first_scores, open_in_redis, open_in_topic, redis_sums, settled, topic_sums, whole
from tests.real_logs import EICU, MIMIC

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

EVERYTHING = (KEYSTROKES, POWER, DOSE_SCORES, POWER_EPISODES, ALERTS, ROLLUPS)


def test_every_entry_of_both_logs_is_scored_once(topics, redis_url, worker, pumpwatch):
    running = worker()
    published = 0
    for log in (MIMIC, EICU):
        said = pumpwatch("replay", str(log), "--speed", "0", PUMPWATCH_KAFKA=topics)
        assert said.returncode == 0, said.stderr
        counted = re.search(r"([\d,]+) entries", said.stdout + said.stderr)
        assert counted, said.stdout + said.stderr
        published += int(counted[1].replace(",", ""))
    settled(topics, EVERYTHING, within_s=300)
    assert running.healthy()

    committed = set()
    for message in whole(topics, KEYSTROKES):
        event = json.loads(message.value())
        assert event["test"] is True, "what is replayed says so"
        if event.get("commit"):
            committed.add(f"{event['pump']}/{event['entry']}")
    assert len(committed) == published
    assert published > 20_000

    scored = first_scores(topics)
    assert set(scored) == committed, "none missing, none invented"
    assert not whole(topics, f"{KEYSTROKES}.dlq"), "a real log has no bad event"
    assert not whole(topics, f"{POWER}.dlq")

    sums = topic_sums(topics)
    assert sum(cell["entries"] for cell in sums.values()) == published
    assert redis_sums(redis_url) == sums
    assert open_in_redis(redis_url) == open_in_topic(topics)
    assert all(score.test for score in scored.values())

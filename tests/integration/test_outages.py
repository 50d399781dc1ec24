"""Nothing is lost and nothing counted twice, whatever is killed, stopped or flushed. Apache Kafka and real Redis."""

import time

import pytest
import redis

from schemas.topics import ALERTS, DOSE_SCORES, KEYSTROKES, POWER, ROLLUPS
from services.topics import create
from tests.integration.stream import (
    eventually,
    first_scores,
    open_in_redis,
    open_in_topic,
    redis_sums,
    settled,
    topic_sums,
)
from tests.integration.traffic import Pumps
from tests.servers.kafka import Kafka
from tests.servers.redis_server import RedisServer

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

EVERYTHING = (KEYSTROKES, POWER, DOSE_SCORES, ALERTS, ROLLUPS)


@pytest.fixture
def kafka(kafka_server: Kafka) -> str:
    """Our own broker, because these tests stop it."""
    kafka_server.start()
    create({"bootstrap.servers": kafka_server.bootstrap}, replication=1)
    return kafka_server.bootstrap


def check_complete(kafka: str, redis_url: str, pumps: Pumps) -> None:
    """Every entry has one score with revision 1, every sum counts it once, and Redis says what the topics say."""
    committed = pumps.entries
    settled(kafka, EVERYTHING)
    scored = {entry for entry in first_scores(kafka) if entry in committed}
    assert scored == committed, f"{len(committed - scored)} entries have no score"
    everywhere = topic_sums(kafka)
    assert sum(cell["entries"] for cell in everywhere.values()) == len(first_scores(kafka))
    assert redis_sums(redis_url) == everywhere
    assert open_in_redis(redis_url) == open_in_topic(kafka)


def test_a_worker_killed_twice_and_a_second_one_joining_and_leaving(kafka, redis_url, worker):
    """Entries that are open at a kill are read again; scores are neither lost nor published twice."""
    first = worker()
    pumps = Pumps(kafka, seed=1, pumps=120, per_pump=60, groups_per_s=400)
    pumps.start()
    time.sleep(3)
    first.kill()
    second = worker()
    time.sleep(3)
    joining = worker()
    time.sleep(3)
    second.kill()
    third = worker()
    time.sleep(2)
    assert joining.terminate() == 0, "a worker that leaves stops by itself"
    assert pumps.finish(120) == 120 * 60
    check_complete(kafka, redis_url, pumps)
    assert third.healthy()


def test_kafka_stopped_for_20_seconds(kafka, kafka_server, redis_url, worker):
    """Pumps and worker wait for the broker and go on where they were."""
    running = worker()
    pumps = Pumps(kafka, seed=2, pumps=100, per_pump=60, groups_per_s=250)
    pumps.start()
    time.sleep(4)
    kafka_server.stop()
    time.sleep(20)
    kafka_server.start()
    assert pumps.finish(180) == 100 * 60
    check_complete(kafka, redis_url, pumps)
    assert running.process.running, "the worker outlives its broker"


def test_redis_stopped_for_20_seconds_and_then_flushed(kafka, redis_server: RedisServer, worker, pumpwatch):
    """The stream goes on without Redis; one command brings the same numbers back."""
    running = worker()
    pumps = Pumps(kafka, seed=3, pumps=100, per_pump=60, groups_per_s=250)
    pumps.start()
    time.sleep(3)
    redis_server.stop()
    scored_before = len(first_scores(kafka))
    stopped = time.monotonic()
    eventually(lambda: len(first_scores(kafka)) > scored_before + 1000, 90, "scores are published without Redis")
    time.sleep(max(0.0, stopped + 20 - time.monotonic()))
    redis_server.start()
    pumps.finish(120)
    check_complete(kafka, redis_server.url, pumps)
    assert running.process.running, "the worker outlives Redis"

    before = redis_sums(redis_server.url)
    redis.Redis.from_url(redis_server.url).flushall()
    assert not redis_sums(redis_server.url)
    said = pumpwatch("rebuild-redis", PUMPWATCH_KAFKA=kafka, PUMPWATCH_REDIS=redis_server.url)
    assert said.returncode == 0, said.stderr
    assert redis_sums(redis_server.url) == before == topic_sums(kafka)
    assert open_in_redis(redis_server.url) == open_in_topic(kafka)

    more = Pumps(kafka, seed=4, pumps=20, per_pump=10, groups_per_s=400)
    more.start()
    more.finish(60)
    check_complete(kafka, redis_server.url, more)

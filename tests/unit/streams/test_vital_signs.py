"""The watchdog: what ends a worker, and what is no reason to."""

from types import SimpleNamespace

import pytest
from faust.types import TP

from streams import vital_signs
from streams.agents.batch_agent import BatchAgent
from streams.cluster import ClusterError
from streams.vital_signs import VitalSigns

KEYS = TP("pump.keystrokes.v1", 3)
ALERTS = TP("pump.alerts.v1", 3)


NOW = 10_000.0


@pytest.fixture(autouse=True)
def _clocks_that_stand(monkeypatch):
    """The seconds that are told are those of the test, not those that a loaded machine adds."""
    stands = SimpleNamespace(monotonic=lambda: NOW, time=lambda: NOW, process_time=lambda: 10.0)
    monkeypatch.setattr(vital_signs, "time", stands)


class Agent:
    """An agent of these topics that waits for nothing."""

    excused = BatchAgent.excused

    def __init__(self, *topics: str) -> None:
        self.topics = topics
        self.restoring = self.redis_away = False
        self.outbox = SimpleNamespace(waiting=False)


@pytest.fixture
def worker() -> SimpleNamespace:
    """A worker whose batches all get finished."""
    return SimpleNamespace(
        settings=SimpleNamespace(watchdog_s=60.0, session_timeout_s=10.0, confluent=dict),
        app=SimpleNamespace(conf=SimpleNamespace(broker_rebalance_timeout=20.0)),
        agents=[Agent(KEYS.topic), Agent(ALERTS.topic)],
        consumer=SimpleNamespace(waits_s=dict, fetched_at=NOW),
        followers=[SimpleNamespace(is_alive=lambda: True, what="drug libraries")],
    )


@pytest.fixture
def died() -> list[str]:
    return []


@pytest.fixture
def signs(worker, died) -> VitalSigns:
    return VitalSigns(worker, died.append)


def test_a_worker_that_finishes_its_batches_lives(signs):
    assert signs.stuck() is None


def test_a_stuck_agent_is_found_while_another_waits_for_redis(signs, worker):
    """Alerts wait longer, and for Redis; the dose agent has no such reason."""
    worker.consumer.waits_s = lambda: {ALERTS: 300.0, KEYS: 61.2}
    worker.agents[1].redis_away = True
    assert signs.stuck() == "a batch of pump.keystrokes.v1/3 has not been finished for 61 s"


@pytest.mark.parametrize("reason", ["restoring", "redis_away"])
def test_an_agent_that_waits_for_redis_or_its_own_state_is_left_alone(signs, worker, reason):
    worker.consumer.waits_s = lambda: {KEYS: 3000.0}
    setattr(worker.agents[0], reason, True)
    assert signs.stuck() is None


def test_an_agent_that_waits_for_kafka_is_left_alone_for_three_minutes(signs, worker):
    """A client that lost itself in an outage is helped by a new start."""
    worker.agents[0].outbox.waiting = True
    worker.consumer.waits_s = lambda: {KEYS: 179.0}
    assert signs.stuck() is None
    worker.consumer.waits_s = lambda: {KEYS: 181.0}
    assert signs.stuck() == "a batch of pump.keystrokes.v1/3 has not been finished for 181 s"


def test_a_loop_that_does_not_turn_is_named_and_not_the_batch_that_waits_for_it(signs, worker):
    worker.consumer.waits_s = lambda: {KEYS: 61.0}
    signs._beat -= 2
    assert signs.stuck() is None
    signs._beat -= 18.2
    assert signs.stuck() == "the event loop has not turned for 20 s"


def test_a_follower_that_ended_is_noticed(signs, worker):
    worker.followers[0].is_alive = lambda: False
    assert signs.stuck() == "the drug libraries are no longer followed"


class Answering:
    def __init__(self, _: object) -> None:
        pass

    def metadata(self, _: float) -> None:
        pass


class Away(Answering):
    def metadata(self, _: float) -> None:
        raise ClusterError("away")


def test_a_consumer_that_fetches_nothing_ends_the_worker_if_kafka_is_there(signs, worker, monkeypatch):
    worker.consumer.fetched_at -= 61
    monkeypatch.setattr(vital_signs, "Cluster", Away)
    assert signs.stuck() is None
    monkeypatch.setattr(vital_signs, "Cluster", Answering)
    assert signs.stuck() is None, "Kafka has only just come back"
    signs._kafka_was_away -= 61
    assert signs.stuck() == "nothing was fetched for 61 s though Kafka answers"


def test_a_process_that_stood_still_ends_before_it_applies_anything(signs, died):
    """Another worker has its partitions; older sums must not be written after newer ones."""
    signs._beat -= 11.2
    signs.check_awake()
    assert not died, "before the first beat there is nothing to tell it by"
    signs._beating = True
    signs._cpu_s -= 5
    signs.check_awake()
    assert not died, "it was busy for 5 of the 11 s"
    signs._cpu_s += 5
    signs.check_awake()
    assert died == ["the worker stood still for 11 s and may have lost its partitions"]

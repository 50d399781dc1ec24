"""A pump that is the only one of its partition falls silent on battery. Apache Kafka and real Redis."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.codec import decode
from schemas.events import PowerEpisode
from schemas.topics import POWER, POWER_EPISODES
from tests.integration.stream import eventually, publish, settled, whole
from tests.made_events import heartbeat, now
from tests.servers.worker import Worker

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

HURRIED_WORKER = Path(__file__).with_name("hurried_worker.py")


def silent(kafka: str, pump: str) -> list:
    """When the pump spoke last, in every revision that calls it silent."""
    told = [decode(PowerEpisode, message.value()) for message in whole(kafka, POWER_EPISODES)]
    return [revision.silent_since for revision in told if revision.pump == pump and revision.silent_since is not None]


@pytest.mark.parametrize("worker_lives", [True, False])
def test_a_pump_alone_is_missed_also_by_a_worker_that_starts_later(worker_lives, topics, redis_url, worker, tmp_path):
    """No event of any other pump moves its clock; the worker that read its last word, or the next one, tells it."""
    pump = f"alone-{worker_lives}"
    if not worker_lives:
        earlier = worker()
    hurried = Worker("hurried", topics, redis_url, tmp_path / "hurried", {})
    hurried.process.command = [sys.executable, str(HURRIED_WORKER)]
    began = now() - timedelta(minutes=3)
    heard = [heartbeat(pump, n, began + timedelta(minutes=n), source="battery", charging=False) for n in range(3)]
    try:
        if worker_lives:
            hurried.process.launch()
        publish(topics, heard)
        settled(topics, [POWER])
        if not worker_lives:
            assert silent(topics, pump) == []
            assert earlier.terminate() == 0
            hurried.process.launch()
        # A worker that starts knows of an episode what was published of it: here its first event.
        last = heard[-1 if worker_lives else 0].at
        eventually(lambda: silent(topics, pump)[-1:] == [last], 120, "its silence is told")
    finally:
        hurried.kill()

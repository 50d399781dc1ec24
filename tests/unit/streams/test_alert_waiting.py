"""The alert agent lets time pass for people, and only where all that arrived was applied."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import MagicMock

import time_machine

from schemas.codec import decode
from schemas.events import Alert
from schemas.topics import ALERT_ACTIONS, ALERTS, DOSE_SCORES, POWER_EPISODES
from streams.agents.alert import AlertAgent
from streams.alerts.maintenance import Windows
from streams.alerts.partition import AlertPartition
from streams.alerts.rules import load_rules
from tests.made_alerts import score

FIRED = datetime(2026, 11, 23, 2, tzinfo=UTC)


class Worker:
    """An alert agent whose Kafka is a few dictionaries; one critical alert fired at 02:00."""

    def __init__(self, *, knows: bool) -> None:
        self.at_end = {topic: {3: 10} for topic in (DOSE_SCORES, POWER_EPISODES, ALERT_ACTIONS)}
        self.sent: list[Alert] = []
        self.restored = 0
        before = AlertPartition(load_rules())
        [self.fired] = before.apply_score(score(), FIRED)
        agent = self.agent = AlertAgent.__new__(AlertAgent)
        agent.context = SimpleNamespace(
            at_end=lambda topic: dict(self.at_end[topic]), metrics=SimpleNamespace(published=MagicMock())
        )
        agent.outbox = SimpleNamespace(send=self._send, crowded=False, flush=lambda within_s: None)
        agent._partitions = {3: before} if knows else {}
        agent._applied, agent._buried, agent._forgotten = {}, {}, 0
        agent._restores, agent._waking, agent._looked_at = asyncio.Lock(), None, 0.0
        agent._rules = SimpleNamespace(rules=load_rules(), changed=lambda: False)
        agent._windows = Windows()
        agent._restore = self._restore
        agent.restoring = 0

    def _send(self, topic, *, key, value, partition, headers):
        alert = decode(Alert, value)
        assert (topic, key, partition) == (ALERTS, alert.fingerprint.encode(), 3)
        self.sent.append(alert)

    def _restore(self, partition):
        assert partition == 3
        self.restored += 1
        alerts = AlertPartition(load_rules())
        alerts.restore([self.fired])
        return alerts

    async def waits(self, minutes: float) -> None:
        """A look so many minutes after 02:00, and the restoring that it may begin."""
        with time_machine.travel(FIRED + timedelta(minutes=minutes), tick=False):
            self.agent.wait()
            if self.agent._waking is not None:
                await asyncio.wait([self.agent._waking])


async def test_nobody_answers_at_night():
    """Escalated ten minutes after it fired, once, though nothing else comes."""
    worker = Worker(knows=True)
    for minute in range(30):
        await worker.waits(minute)
    [escalated] = worker.sent
    assert (escalated.revision, escalated.escalated_at) == (2, FIRED + timedelta(minutes=10))


async def test_a_worker_that_starts_goes_on_waiting_where_nothing_comes():
    """The partition is restored once; the time that nobody worked counts."""
    worker = Worker(knows=False)
    for minute in (180, 181, 182):
        await worker.waits(minute)
    [escalated] = worker.sent
    assert escalated.escalated_at == FIRED + timedelta(minutes=10)
    assert worker.restored == 1


async def test_an_answer_that_was_not_read_yet_is_waited_for():
    """While one of the topics is behind, or Kafka away, nobody knows whether somebody answered."""
    worker = Worker(knows=True)
    worker.at_end[ALERT_ACTIONS] = {}
    for minute in range(30):
        await worker.waits(minute)
    assert worker.sent == []


async def test_a_partition_that_goes_away_while_it_is_restored_stays_away():
    """Another worker has it now."""
    worker = Worker(knows=False)
    with time_machine.travel(FIRED + timedelta(minutes=60), tick=False):
        worker.agent.wait()
        while not worker.agent.restoring:  # noqa: ASYNC110 (no event tells it)
            await asyncio.sleep(0)
        worker.agent.forget({(DOSE_SCORES, 3)})
        await asyncio.wait([worker.agent._waking])
    assert worker.agent._partitions == {}
    assert worker.sent == []

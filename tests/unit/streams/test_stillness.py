"""A pump that is alone in its partition falls silent: the power agent tells it, and only where all was read."""

import asyncio
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from schemas.codec import decode
from schemas.events import PowerEpisode
from schemas.topics import POWER, POWER_EPISODES
from streams.agents.power import LOOK_EVERY_S, PowerAgent
from streams.agents.pump_events import PartitionState
from streams.agents.stillness import MOST_BETWEEN_S, Stillness
from streams.positions import BEFORE_ALL, read_position
from streams.power.partition import PowerPartition
from tests.made_power import Pump, at, play


def looks(stillness: Stillness, ends: dict[int, int], times: range) -> list[dict[int, float]]:
    return [stillness.look(ends, now_s) for now_s in times]


def test_a_partition_is_still_for_as_long_as_its_end_does_not_move():
    """A record that comes begins it anew; other partitions go on."""
    stillness = Stillness()
    assert looks(stillness, {0: 10, 1: 5}, range(100, 111, 5))[-1] == {0: 10, 1: 10}
    assert stillness.look({0: 11, 1: 5}, 115) == {0: 0, 1: 15}


def test_a_partition_that_is_not_at_its_end_begins_anew():
    """Kafka was away, or there was something to read: nobody knows what the pumps said meanwhile."""
    stillness = Stillness()
    looks(stillness, {0: 10}, range(100, 400, 5))
    assert stillness.look({}, 400) == {}
    assert stillness.look({0: 10}, 405) == {0: 0}


def test_a_process_that_stood_still_begins_anew():
    """An hour that it slept through has not passed for the pumps."""
    stillness = Stillness()
    looks(stillness, {0: 10}, range(100, 200, 5))
    assert stillness.look({0: 10}, 196 + MOST_BETWEEN_S) == {0: 0}


class Worker:
    """A power agent whose Kafka is a few lists."""

    def __init__(self, published=BEFORE_ALL) -> None:
        self.ends: dict[int, int] = {}
        self.sent: list[tuple[tuple[int, int], PowerEpisode]] = []
        self.partition = PowerPartition()
        self.restored_from: list[int] = []
        agent = self.agent = PowerAgent.__new__(PowerAgent)
        agent.context = SimpleNamespace(
            at_end=lambda topic: dict(self.ends) if topic == POWER else {},
            metrics=SimpleNamespace(published=MagicMock()),
        )
        agent.outbox = SimpleNamespace(send=self._send, crowded=False)
        agent._states, agent._cells, agent._forgotten = {}, {}, 0
        agent._restores, agent._waking, agent._stillness = asyncio.Lock(), None, Stillness()
        agent.restore = self._restore
        agent.restoring = 0
        self.state = PartitionState(self.partition, published, -1)

    def _send(self, topic, *, key, value, partition, headers):
        assert (topic, key, partition) == (POWER_EPISODES, b"P1", 3)
        source, position = read_position(headers)
        assert source == POWER
        self.sent.append((position, decode(PowerEpisode, value)))

    def _restore(self, partition, first_offset):
        assert partition == 3
        self.restored_from.append(first_offset)
        return self.state

    async def listens(self, seconds: range) -> None:
        for now_s in seconds:
            self.agent.listen(now_s)
            if self.agent._waking is not None:
                await asyncio.wait([self.agent._waking])


EVERY = round(LOOK_EVERY_S)


async def on_battery(worker: Worker) -> None:
    """Ten minutes of a pump on battery, read and applied; the last record has offset 9."""
    pump = Pump()
    play(worker.partition, [pump.battery(minute, 90) for minute in range(10)])
    worker.agent._states[3] = worker.state
    worker.state.applied, worker.ends[3] = 9, 10


async def test_a_pump_that_is_alone_is_missed_after_six_minutes():
    """Told once, behind what its last record led to, and again after twenty minutes."""
    worker = Worker()
    await on_battery(worker)
    await worker.listens(range(1000, 1360, EVERY))
    assert worker.sent == []
    await worker.listens(range(1360, 2600, EVERY))
    positions = [position for position, _ in worker.sent]
    assert [silent.silent_since for _, silent in worker.sent] == [at(9), at(9)]
    assert (9, 0) < positions[0] < positions[1] < (10, 0)


@pytest.mark.parametrize("away", [range(1300, 1305), range(1005, 5000)])
async def test_an_outage_makes_no_pump_silent(away):
    """A partition of which nobody knows whether it was read to its end has no clock."""
    worker = Worker()
    await on_battery(worker)
    for now_s in range(1000, away.stop + 350, EVERY):
        worker.ends = {} if now_s in away else {3: 10}
        await worker.listens(range(now_s, now_s + 1))
    assert worker.sent == []


async def test_a_partition_that_nothing_came_from_is_woken_once():
    """A pump that fell silent before the worker started is missed all the same."""
    worker = Worker(published=(9, 0))
    play(worker.partition, [Pump().battery(minute, 90) for minute in range(10)])
    worker.ends[3] = 10
    await worker.listens(range(1000, 1600, EVERY))
    assert worker.restored_from == [10]
    assert [silent.silent_since for _, silent in worker.sent] == [at(9)]
    assert worker.sent[0][0] > (9, 0)


async def test_a_partition_that_goes_away_while_it_is_woken_stays_away():
    """Another worker has it now."""
    worker = Worker()
    restore = worker.agent.restore

    def taken_away_meanwhile(partition, first_offset):
        worker.agent._forgotten += 1
        return restore(partition, first_offset)

    worker.agent.restore = taken_away_meanwhile
    await worker.agent.wake(3, 10)
    assert worker.agent.state(3) is None

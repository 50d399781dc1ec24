"""The batch consumer's own behaviour: delivery, acknowledgement, holding, seeking, revoking."""

import asyncio
import time
from types import SimpleNamespace
from unittest.mock import AsyncMock

import faust
import pytest
from faust.types import TP

from streams.transport import Batch, BatchConsumer, use_batches
from streams.transport import consumer as transport

KEYS = TP("pump.keystrokes.v1", 3)
POWER = TP("pump.power.v1", 3)


def records(*offsets: int) -> list:
    return [SimpleNamespace(offset=offset, timestamp=1_700_000_000_000, timestamp_type=0) for offset in offsets]


@pytest.fixture
async def consumer(monkeypatch, tmp_path) -> BatchConsumer:
    app = faust.App("unit", broker="kafka://127.0.0.1:1", datadir=tmp_path, web_enabled=False)
    use_batches(app, fetch_max_wait_ms=20)
    consumer = app._new_consumer()
    app.consumer_generation_id = 1
    consumer._set_active_tps({KEYS, POWER})
    monkeypatch.setattr(consumer._thread, "highwater", lambda tp: 0)
    return consumer


def fetches(consumer: BatchConsumer, *answers: dict) -> AsyncMock:
    """Let the consumer's thread bring these records, one answer a fetch."""
    consumer._thread.getmany = AsyncMock(side_effect=[*answers, *({} for _ in range(100))])
    return consumer._thread.getmany


async def delivered(consumer: BatchConsumer) -> list[Batch]:
    return [batch async for _, batch in consumer.getmany(timeout=0.1)]


async def test_a_fetch_becomes_one_batch_for_each_partition(consumer):
    fetches(consumer, {KEYS: records(5, 6, 9), POWER: records(0)})
    keys, power = await delivered(consumer)
    assert [record.offset for record in keys.records] == [5, 6, 9]
    assert (keys.tp, keys.offset, power.tp, power.offset) == (KEYS, 9, POWER, 0)


async def test_a_finished_batch_may_be_committed_and_a_held_one_only_so_far(consumer):
    fetches(consumer, {KEYS: records(5, 6, 9)})
    [batch] = await delivered(consumer)
    assert consumer._filter_committable_offsets([KEYS]) == {}
    consumer.hold(KEYS, 6)
    assert consumer.ack(batch)
    assert consumer._filter_committable_offsets([KEYS]) == {KEYS: 6}
    consumer.hold(KEYS, None)
    assert consumer._filter_committable_offsets([KEYS]) == {KEYS: 10}


async def test_a_batch_is_acknowledged_once(consumer):
    fetches(consumer, {KEYS: records(1)})
    [batch] = await delivered(consumer)
    assert consumer.ack(batch)
    assert not consumer.ack(batch)


async def test_a_partition_with_enough_unfinished_batches_is_left_out_of_the_fetch(consumer, monkeypatch):
    """One agent that waits for Redis must not stop the others, nor fill memory."""
    monkeypatch.setattr(transport, "MAX_IN_FLIGHT", 2)
    fetch = fetches(consumer, {KEYS: records(1)}, {KEYS: records(2), POWER: records(1)}, {POWER: records(2)}, {})
    for _ in range(4):
        await delivered(consumer)
    assert [call.args[0] for call in fetch.await_args_list[:3]] == [{KEYS, POWER}, {KEYS, POWER}, {POWER}]
    assert fetch.await_count == 3, "with every partition full there is no fetch at all"


async def test_a_finished_batch_makes_room_again(consumer, monkeypatch):
    monkeypatch.setattr(transport, "MAX_IN_FLIGHT", 2)
    fetch = fetches(consumer, {KEYS: records(1)}, {KEYS: records(2)}, {}, {KEYS: records(3)})
    [first] = await delivered(consumer)
    await delivered(consumer)
    await delivered(consumer)
    consumer.ack(first)
    [third] = await delivered(consumer)
    assert third.offset == 3
    assert fetch.await_args.args[0] == {KEYS, POWER}


async def test_records_of_an_older_generation_are_not_delivered(consumer):
    fetches(consumer, {KEYS: records(1), POWER: records(1)})
    got = []
    async for _, batch in consumer.getmany(timeout=0.1):
        got.append(batch)
        consumer.app.consumer_generation_id = 2
    assert len(got) == 1


async def test_a_seek_forgets_what_was_on_its_way(consumer, monkeypatch):
    """The same records come again; an acknowledgement of the old delivery must not commit past them."""
    fetches(consumer, {KEYS: records(5, 6)})
    [batch] = await delivered(consumer)
    monkeypatch.setattr(consumer, "seek_to_committed", AsyncMock(return_value={KEYS: 5}))
    await consumer.perform_seek()
    assert not consumer.ack(batch)
    assert consumer._filter_committable_offsets([KEYS]) == {}


async def test_a_revoked_partition_is_forgotten_after_its_work_was_committed(consumer, monkeypatch):
    committed = []

    async def commit_then_revoke(revoked):
        committed.append(consumer._filter_committable_offsets(revoked))

    monkeypatch.setattr(consumer, "_on_partitions_revoked", commit_then_revoke)
    fetches(consumer, {KEYS: records(5)})
    [batch] = await delivered(consumer)
    consumer.ack(batch)
    await consumer.on_partitions_revoked({KEYS})
    assert committed == [{KEYS: 6}], "the commit of a revoked partition happens before it is forgotten"
    assert KEYS not in consumer.progress


async def test_a_batch_that_faust_skips_at_a_rebalance_is_not_committed(consumer):
    """Its pure Python streams acknowledge what they pass over: up to 2,000 records would be lost."""
    fetches(consumer, {KEYS: records(5)})
    [batch] = await delivered(consumer)
    batch.incref()
    event = consumer.app.create_event(None, batch, None, batch)
    consumer.app.consumer = consumer
    event.ack()
    assert consumer._filter_committable_offsets([KEYS]) == {}
    assert batch.finished(consumer)
    assert consumer._filter_committable_offsets([KEYS]) == {KEYS: 6}


async def test_a_rebalance_does_not_wait_for_a_batch_that_was_cleared_from_a_queue(consumer, monkeypatch):
    """Of two agents on a topic one is done and the queue of the other was cleared, while Faust still holds the event.

    What an agent works on is waited for.
    """
    committed = AsyncMock()
    monkeypatch.setattr(consumer, "commit_and_end_transactions", committed)
    fetches(consumer, {KEYS: records(5)})
    [batch] = await delivered(consumer)
    batch.incref(2)
    consumer.track_message(batch)
    consumer.begin()
    waiting = asyncio.create_task(consumer.wait_empty())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    batch.finished(consumer)
    consumer.end()
    await asyncio.wait_for(waiting, 5)
    assert committed.await_count == 1
    assert consumer.progress[KEYS].committable() is None, "the other agent did not have it"


@pytest.mark.parametrize("committed", [None, 0])
async def test_a_partition_without_a_commit_is_read_from_its_beginning_again(consumer, committed):
    """The client leaves it where it is, so records that were fetched and dropped in a rebalance would be lost."""
    sought = {}
    consumer._thread._consumer = SimpleNamespace(
        seek_to_committed=AsyncMock(return_value={KEYS: committed, POWER: 7}),
        assignment=lambda: {KEYS, POWER},
        seek=sought.__setitem__,
    )
    assert await consumer._thread._seek_to_committed() == {KEYS: committed, POWER: 7}
    assert sought == {KEYS: 0}


async def test_a_seek_that_fails_in_mid_rebalance_does_not_end_the_worker(consumer, monkeypatch):
    monkeypatch.setattr(consumer, "seek_to_committed", AsyncMock(side_effect=AssertionError("nothing is assigned")))

    async def fetched_late(*_):
        consumer.flow_active = False
        return {KEYS: records(5)}, {KEYS}

    monkeypatch.setattr(consumer, "_wait_next_records", fetched_late)
    assert await delivered(consumer) == []


async def test_gaps_in_offsets_cost_nothing(consumer):
    await consumer._add_gap(KEYS, 10, 10_000_000)
    assert not consumer._gap[KEYS]


@pytest.mark.parametrize(
    ("position", "highwater", "told_s_ago", "next_offset"),
    [(8, 8, 0, 8), (7, 8, 0, None), (8, 8, 60, None), (8, 8, None, None), (None, 8, 0, None)],
)
async def test_a_partition_is_at_its_end_if_its_broker_said_so_just_now(
    consumer, monkeypatch, position, highwater, told_s_ago, next_offset
):
    """Not while there is more to fetch, while the broker is away, or before it was asked for the first time."""
    state = SimpleNamespace(
        has_valid_position=position is not None,
        position=position,
        highwater=highwater,
        timestamp=None if told_s_ago is None else (time.time() - told_s_ago) * 1000,
    )
    assignment = SimpleNamespace(state_value=lambda tp: state if tp == POWER else None)
    known = SimpleNamespace(_subscription=SimpleNamespace(subscription=SimpleNamespace(assignment=assignment)))
    monkeypatch.setattr(consumer._thread, "_ensure_consumer", lambda: known)
    monkeypatch.setattr(consumer, "assignment", lambda: {KEYS, POWER})
    consumer.flow_active = True
    assert consumer.at_end(POWER.topic) == ({} if next_offset is None else {3: next_offset})
    assert consumer.at_end(KEYS.topic) == {}


async def test_a_partition_with_an_unfinished_batch_is_not_at_its_end(consumer, monkeypatch):
    """Nobody knows yet what it leads to."""
    monkeypatch.setattr(consumer._thread, "read_to_end", lambda tp, within_ms: 6)
    monkeypatch.setattr(consumer, "assignment", lambda: {POWER})
    consumer.flow_active = True
    fetches(consumer, {POWER: records(5)})
    [batch] = await delivered(consumer)
    assert consumer.at_end(POWER.topic) == {}
    consumer.ack(batch)
    assert consumer.at_end(POWER.topic) == {3: 6}


async def test_in_mid_rebalance_no_partition_is_at_its_end(consumer):
    """Nothing is assigned, and what Faust raises then is not ours."""
    assert consumer.at_end(POWER.topic) == {}

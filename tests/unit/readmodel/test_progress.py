"""Whether the pipeline moves: silence, stuck batches, missing workers, and what is no fault."""

from typing import Any

import pytest

from services.readmodel.progress import Worker, judge, read_pipeline
from tests.made_read_model import beat

NOW = 1_800_000_000.0


def _worker(**changes: Any) -> Worker:
    fields: dict[str, Any] = {
        "worker": "w1", "started_at": NOW - 3600, "at": NOW - 1, "last_progress_at": NOW - 1, "lag": 0,
        "waiting_s": 0.0, "partitions": 60, "records": 10, "dead_letters": 0,
    }  # fmt: skip
    return Worker(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"at": NOW - 10}, None),
        ({"at": NOW - 11}, "No stream worker was heard in the last 11 s."),
        ({"waiting_s": 30.0}, None),
        ({"waiting_s": 31.0}, "Worker w1 has not finished a batch for 31 s."),
        ({"last_progress_at": NOW - 7200}, None),
        ({"last_progress_at": NOW - 600, "lag": 40}, None),
        ({"last_progress_at": NOW - 661, "lag": 40}, "Worker w1 finished nothing for 661 s while 40 records wait."),
        ({"last_progress_at": 0.0, "started_at": NOW - 5, "lag": 40}, None),
        ({"partitions": 0}, "No topic partition is assigned to a stream worker yet."),
        ({"at": NOW + 3}, None),
    ],
)
def test_one_worker(changes, reason):
    """A quiet worker without lag is no fault, nor is one that holds records of open entries for ten minutes."""
    pipeline = judge([_worker(**changes)], NOW)
    assert pipeline.ok is (reason is None)
    assert pipeline.reason == (reason or "Every stream worker makes progress.")


def test_several_workers():
    """One that is stuck is a fault, one without partitions is not; figures add up."""
    idle = _worker(worker="w2", partitions=0, last_progress_at=0.0, lag=0)
    assert judge([_worker(lag=3, dead_letters=1), idle], NOW).ok
    pipeline = judge([_worker(lag=3), _worker(worker="w0", waiting_s=99.0, lag=4, last_progress_at=NOW - 99)], NOW)
    assert not pipeline.ok
    assert (pipeline.lag, pipeline.idle_s(NOW), [worker.worker for worker in pipeline.workers]) == (7, 1, ["w0", "w1"])


def test_a_worker_that_is_gone_is_not_missed_while_others_are_heard():
    """Its partitions are theirs; its figures no longer count."""
    gone = _worker(worker="w0", at=NOW - 20, waiting_s=99.0, lag=40)
    pipeline = judge([gone, _worker(lag=3)], NOW)
    assert (pipeline.ok, pipeline.lag, [worker.worker for worker in pipeline.workers]) == (True, 3, ["w1"])


def test_no_worker_is_a_fault():
    """Then nothing is scored, however quiet it is."""
    pipeline = judge([], NOW)
    assert (pipeline.ok, pipeline.reason, pipeline.idle_s(NOW)) == (False, "No stream worker is running.", None)


async def test_heartbeats_are_read_as_the_workers_write_them(redis):
    """One that has expired is gone, and one that cannot be read is left out."""
    await beat(redis, "w1", at=NOW, lag=7, records_total=123)
    await beat(redis, "broken", lag="many")
    await beat(redis, "expired")
    await redis.delete("pw:worker:expired")
    (worker,) = (await read_pipeline(redis, NOW)).workers
    assert (worker.worker, worker.lag, worker.records, worker.dead_letters, worker.at) == ("w1", 7, 123, 2, NOW)

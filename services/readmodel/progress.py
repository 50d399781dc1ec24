"""Whether the pipeline moves: what the stream workers say of themselves, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redis.asyncio import Redis

log = structlog.get_logger()

# A worker writes its heartbeat every second and the key lives for 30 s; judgement: ten missed ones are silence.
FRESH_WITHIN_S = 10.0
# Judgement: a batch takes milliseconds; one that is not finished after 30 s means a stuck worker.
FINISHED_WITHIN_S = 30.0
# Records of an entry that is still open are finished but not committed for up to 10 minutes; a minute more is a fault.
COMMITTED_WITHIN_S = 11 * 60.0
# More partitions than this no topic has, so no more workers can have work.
_WORKERS_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Worker:
    """One stream worker's heartbeat.

    Times are epoch seconds of the worker's clock. `lag` is records not committed yet, `waiting_s` how long the
    oldest delivered batch has waited to be finished, 0 where nothing waits.
    """

    worker: str
    started_at: float
    at: float
    last_progress_at: float
    lag: int
    waiting_s: float
    partitions: int
    records: int
    dead_letters: int

    def silent_s(self, now: float) -> float:
        """Seconds since the heartbeat."""
        return max(0.0, now - self.at)

    def idle_s(self, now: float) -> float:
        """Seconds since the worker last finished a batch, or since it started."""
        return max(0.0, now - max(self.last_progress_at, self.started_at))


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The workers that are heard, or those last heard. `reason` is one sentence, in the words of an operator."""

    ok: bool
    reason: str
    workers: tuple[Worker, ...]

    @property
    def lag(self) -> int:
        """Records not committed yet, over all workers."""
        return sum(worker.lag for worker in self.workers)

    @property
    def dead_letters(self) -> int:
        """Records refused since the workers started."""
        return sum(worker.dead_letters for worker in self.workers)

    def idle_s(self, now: float) -> float | None:
        """Seconds since any worker finished a batch; None without workers."""
        return min((worker.idle_s(now) for worker in self.workers), default=None)


def judge(workers: Sequence[Worker], now: float) -> Pipeline:
    """Tell whether the pipeline moves: some worker is heard, the topics are assigned, and nothing waits too long.

    A worker that fell silent beside others that are heard is gone, and Kafka has given them its partitions.
    """
    known = sorted(workers, key=lambda worker: worker.worker)
    heard = [worker for worker in known if worker.silent_s(now) <= FRESH_WITHIN_S]
    if heard:
        problem = next((reason for worker in heard if (reason := _problem(worker, now))), None)
        if problem is None and not any(worker.partitions for worker in heard):
            problem = "No topic partition is assigned to a stream worker yet."
    elif known:
        silence = min(worker.silent_s(now) for worker in known)
        problem = f"No stream worker was heard in the last {silence:.0f} s."
    else:
        problem = "No stream worker is running."
    return Pipeline(problem is None, problem or "Every stream worker makes progress.", tuple(heard or known))


def _problem(worker: Worker, now: float) -> str | None:
    if worker.waiting_s > FINISHED_WITHIN_S:
        return f"Worker {worker.worker} has not finished a batch for {worker.waiting_s:.0f} s."
    if worker.lag > 0 and worker.idle_s(now) > COMMITTED_WITHIN_S:
        return (
            f"Worker {worker.worker} finished nothing for {worker.idle_s(now):.0f} s while {worker.lag} records wait."
        )
    return None


async def read_pipeline(redis: Redis, now: float) -> Pipeline:
    """Read the heartbeats of all workers and judge them at `now`, epoch seconds."""
    names = [str(name) for name in await redis.zrange("pw:workers", 0, _WORKERS_AT_MOST - 1, desc=True)]
    pipe = redis.pipeline(transaction=False)
    for name in names:
        pipe.hgetall(f"pw:worker:{name}")
    heartbeats = await pipe.execute()
    read = (_worker(name, heartbeat) for name, heartbeat in zip(names, heartbeats, strict=True))
    return judge([worker for worker in read if worker is not None], now)


def _worker(name: str, heartbeat: Mapping[str, str]) -> Worker | None:
    if not heartbeat:  # it has expired: the worker is gone
        return None
    try:
        return Worker(
            worker=name,
            started_at=float(heartbeat["started_at"]),
            at=float(heartbeat["at"]),
            last_progress_at=float(heartbeat["last_progress_at"]),
            lag=int(heartbeat["lag"]),
            waiting_s=float(heartbeat["waiting_s"]),
            partitions=int(heartbeat["partitions"]),
            records=int(heartbeat["records_total"]),
            dead_letters=int(heartbeat["dead_letters_total"]),
        )
    except (KeyError, ValueError) as error:
        log.warning("worker heartbeat cannot be read", worker=name, reason=repr(error))
        return None

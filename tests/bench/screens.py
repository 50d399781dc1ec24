"""How fast a change of an alert reaches 200 open boards on one process, and a search among 100,000 pumps.

`python -m tests.bench.screens`. The board is a process of its own on a real Redis; the screens are raw connections of
this process, so that what they cost is part of the figures, as an upper bound of the board's own delay.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from services.embedded.ports import LOOPBACK, free_port
from services.readmodel.connection import connect
from services.readmodel.search import PumpNames
from tests.made_read_model import alert, store
from tests.screens import Screen
from tests.servers.processes import ServerProcess
from tests.servers.redis_server import RedisServer

SCREENS = 200
STALLED = 20
CHANGES_A_SECOND = 10
PUMPS, HOSPITALS = 100_000, 8
USER, PASSWORD = "bench", "a password for the bench"
SHARES = (0.5, 0.95, 0.99, 1.0)


class ServedBoard:
    """`pumpwatch board` on a Redis; nothing acknowledges here, so it needs no Kafka."""

    def __init__(self, redis_url: str, folder: Path) -> None:
        port = free_port()
        self.url = f"http://{LOOPBACK}:{port}"
        env = {
            "PUMPWATCH_KAFKA": f"{LOOPBACK}:{free_port()}",
            "PUMPWATCH_REDIS": redis_url,
            "PUMPWATCH_BOARD_USER": USER,
            "PUMPWATCH_BOARD_PASSWORD": PASSWORD,
        }
        command = [sys.executable, "-m", "services.cli", "board", "--port", str(port)]
        self.process = ServerProcess("board", command, folder / "board.log", env)

    async def cookie(self) -> str:
        """Log in, as soon as the board answers."""
        async with httpx.AsyncClient(base_url=self.url) as client:
            deadline = time.monotonic() + 60
            while True:
                try:
                    await client.post("/login", data={"user": USER, "password": PASSWORD})
                    return f"pumpwatch={client.cookies['pumpwatch']}"
                except httpx.TransportError:
                    assert time.monotonic() < deadline, self.process.tail()
                    await asyncio.sleep(0.1)


async def delays(redis: Redis, board: ServedBoard, cookie: str, stalled: int, seconds: float) -> list[float]:
    """How long each change took from before it was written to Redis until each of 200 screens had read it, in s."""
    idle = [await Screen.open(board.url, cookie, window=4096) for _ in range(stalled)]
    screens = [await Screen.open(board.url, cookie) for _ in range(SCREENS)]
    for screen in screens:
        await screen.begin()
        await screen.next("snapshot")
    sent: dict[str, float] = {}
    waited: list[float] = []

    async def watch(screen: Screen) -> None:
        while (said := await screen.next("alert")) is not None:
            waited.append(time.perf_counter() - sent[said["alert"]["fingerprint"]])

    watching = [asyncio.create_task(watch(screen)) for screen in screens]
    changes = int(seconds * CHANGES_A_SECOND)
    began = time.perf_counter()
    for number in range(changes):
        await asyncio.sleep(max(0.0, began + number / CHANGES_A_SECOND - time.perf_counter()))
        name = f"{stalled}-{number}"
        sent[name] = time.perf_counter()
        await store(redis, alert(name, state="resolved" if number % 2 else "firing"))
    deadline = time.monotonic() + 30
    while len(waited) < changes * SCREENS and time.monotonic() < deadline:  # noqa: ASYNC110 (no event tells it)
        await asyncio.sleep(0.05)
    for task in watching:
        task.cancel()
    for screen in (*screens, *idle):
        screen.close()
    assert len(waited) == changes * SCREENS, f"{changes * SCREENS - len(waited)} changes did not arrive"
    return waited


async def searches(redis: Redis) -> tuple[list[float], list[float]]:
    """Seconds of a search that reads the names of 100,000 pumps first, and of one that knows them."""
    names = [f"{number * 7_919 % 10**8:08d}" for number in range(PUMPS)]
    hospitals = [f"Hospital {number}" for number in range(HOSPITALS)]
    for number, hospital in enumerate(hospitals):
        await redis.zadd(f"pw:live:{hospital}:online", dict.fromkeys(names[number::HOSPITALS], 1))
    cold, warm = [], []
    for round_ in range(5):
        pumps = PumpNames(redis)
        for taken in (cold, warm):
            started = time.perf_counter()
            await pumps.find(f"77{round_}", hospitals, 20)
            taken.append(time.perf_counter() - started)
    return cold, warm


def _row(what: str, taken: list[float]) -> tuple[str, ...]:
    ordered = sorted(taken)
    picks = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in SHARES)
    return what, f"{len(ordered):,}", *(f"{pick * 1000:,.1f}" for pick in picks)


async def measured(seconds: float) -> list[Table]:
    """The tables."""
    heads: list[Any] = ["deliveries", "p50 ms", "p95 ms", "p99 ms", "most ms"]
    title = f"From a change until {SCREENS} screens have it, {CHANGES_A_SECOND} changes/s, one board process"
    table = Table("", *heads, title=title, title_justify="left")
    search = Table("", "searches", *heads[1:], title=f"A search among {PUMPS:,} pumps", title_justify="left")
    with tempfile.TemporaryDirectory(prefix="pumpwatch-bench-") as name:
        cache = RedisServer(Path(name) / "redis")
        board = ServedBoard(cache.url, Path(name))
        try:
            cache.start()
            redis = connect(cache.url)
            await store(redis, alert("start"))
            board.process.launch()
            cookie = await board.cookie()
            await delays(redis, board, cookie, 0, min(seconds, 2))  # warm
            for stalled in (0, STALLED):
                taken = await delays(redis, board, cookie, stalled, seconds)
                table.add_row(f"with {stalled} more that do not read", *_row("", taken)[1:])
            for what, took in zip(("names read first", "names known"), await searches(redis), strict=True):
                search.add_row(*_row(what, took))
            await redis.aclose()
        finally:
            board.process.kill()
            cache.kill()
    return [table, search]


def tables(seconds: float) -> list[Table]:
    """Measure for so many seconds with and without screens that stand still."""
    return asyncio.run(measured(seconds))


if __name__ == "__main__":
    for each in tables(20):
        Console(width=110).print(each)

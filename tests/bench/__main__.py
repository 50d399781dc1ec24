"""`make bench`: what the platform costs and how fast it is, on Apache Kafka and real Redis, all in one run.

Figures are for comparing within a run: machines are shared and noisy. Nothing here passes or fails.
"""

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import redis
from rich.console import Console
from rich.table import Table

from schemas.topics import KEYSTROKES, POWER
from services.topics import create
from tests.bench import intent, screens
from tests.bench.load import Raw, SteadyLoad, heartbeats, keystrokes, preload
from tests.bench.power import table as power_table
from tests.servers.kafka import Kafka
from tests.servers.redis_server import RedisServer
from tests.servers.worker import Worker

CONTESTANTS = {
    "worker": "the worker, all agents, Redis",
    "agent-alone": "its one agent alone",
    "plain": "plain confluent-kafka loop",
    "stock-faust": "unmodified Faust",
}
console = Console(width=110)


@contextlib.contextmanager
def servers() -> Iterator[tuple[str, RedisServer, Path]]:
    """A fresh Apache Kafka with its topics and a fresh Redis."""
    with tempfile.TemporaryDirectory(prefix="pumpwatch-bench-") as name:
        folder = Path(name)
        (folder / "kafka").mkdir()
        kafka, cache = Kafka(folder / "kafka"), RedisServer(folder / "redis")
        try:
            kafka.start()
            cache.start()
            create({"bootstrap.servers": kafka.bootstrap}, replication=1)
            yield kafka.bootstrap, cache, folder
        finally:
            kafka.kill()
            cache.kill()


def contest(name: str, topic: str, records: list[Raw]) -> dict:
    """Let one contestant read the records, on servers of its own."""
    with servers() as (kafka, cache, _):
        count = preload(kafka, records)
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.contestants", name, topic, str(count)],
            env={**os.environ, "PUMPWATCH_KAFKA": kafka, "PUMPWATCH_REDIS": cache.url},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise SystemExit(f"{name} did not finish:\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}")
    return json.loads(lines[-1])


def throughput(what: str, topic: str, records: list[Raw]) -> None:
    """Records a second and CPU of every contestant over the same records."""
    table = Table("", "records/s", "CPU s per 100,000", "CPU against ours", title=what, title_justify="left")
    ours = None
    for name, words in CONTESTANTS.items():
        figures = contest(name, topic, records)
        cost = figures["cpu_s"] / figures["records"] * 100_000
        ours = ours or cost
        rate = figures["records"] / figures["wall_s"]
        table.add_row(words, f"{rate:,.0f}", f"{cost:.2f}", f"{cost / ours:.2f}")
    console.print(table)


def latency(rate: int, seconds: float) -> tuple[str, ...]:
    """From publishing an entry with a slip until its alert is in Redis, under a steady load."""
    with servers() as (kafka, cache, folder):
        worker = Worker("worker", kafka, cache.url, folder / "worker", {})
        try:
            worker.start()
            SteadyLoad(kafka, min(rate, 2000), "warm").run(3)
            load = SteadyLoad(kafka, rate, "load")
            before, started = cpu_s(worker.process.pid), time.time()
            reached = load.run(seconds)
            used = (cpu_s(worker.process.pid) - before) / (time.time() - started)
            arrived = arrivals(cache, set(load.probes))
        finally:
            worker.kill()
    missing = len(load.probes) - len(arrived)
    if not arrived:
        raise SystemExit(f"at {rate} events/s no alert arrived; the worker said:\n{worker.process.tail()}")
    waits = sorted((arrived[pump] - load.probes[pump]) * 1000 for pump in arrived)
    picks = [f"{waits[min(len(waits) - 1, int(len(waits) * share))]:,.0f}" for share in (0.5, 0.95, 0.99)]
    note = f", {missing} alerts missing" if missing else ""
    return f"{rate:,}", *picks, f"{len(waits)}{note}", f"{reached:.0%}", f"{used:.0%}"


def arrivals(cache: RedisServer, probes: set[str]) -> dict[str, float]:
    """When the alert of each probe stood in Redis: the feed's entries carry Redis' clock, in ms."""
    client, deadline = redis.Redis.from_url(cache.url), time.time() + 30
    found: dict[str, float] = {}
    while time.time() < deadline and len(found) < len(probes):
        for identity, fields in client.xrange("pw:feed:st-test"):
            pump = orjson.loads(fields[b"alert"])["pump"]
            if pump in probes:
                found.setdefault(pump, int(identity.split(b"-")[0]) / 1000)
        time.sleep(0.2)
    return found


def cpu_s(pid: int) -> float:
    """User and system seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run the benchmarks; `--quick` takes a tenth of the records."""
    options = argparse.ArgumentParser(prog="make bench", description=__doc__)
    options.add_argument("--quick", action="store_true", help="a tenth of the records, for a first look")
    chosen = options.parse_args()
    scale = 10 if chosen.quick else 1
    console.print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, Apache Kafka")

    console.print(intent.table(intent.ENTRIES // (3 if chosen.quick else 1)))
    records, entries = keystrokes(150_000 // scale)
    throughput(f"{len(records):,} keystroke records, {entries:,} dose entries", KEYSTROKES, records)
    power = list(heartbeats(300_000 // scale))
    throughput(f"{len(power):,} power events", POWER, power)

    console.print(power_table(1_000_000 // scale, 12))

    table = Table(
        "events/s",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "alerts",
        "rate reached",
        "worker CPU",
        title="From publish to alert in Redis",
        title_justify="left",
    )
    for rate in (2_000, 20_000):
        table.add_row(*latency(rate, 30 / scale))
    console.print(table)

    for each in screens.tables(20 / scale):
        console.print(each)


if __name__ == "__main__":
    main()

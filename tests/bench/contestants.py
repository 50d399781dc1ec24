"""One contestant of the throughput benchmark, in a process of its own: reads N records and prints its figures.

All decode each record into the typed event and score it with the same code, and publish the score.

    python -m tests.bench.contestants worker pump.keystrokes.v1 100000
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from schemas.codec import decode, encode
from schemas.events import KeystrokeEvent, PowerEvent
from schemas.topics import DOSE_SCORES, KEYSTROKES, POWER, POWER_EPISODES
from streams.intent import parameters
from streams.intent.partition import DosePartition
from streams.intent.score import DoseScorer
from streams.libraries import Libraries
from streams.power.partition import PowerPartition
from streams.settings import Settings

OUTPUT = {KEYSTROKES: DOSE_SCORES, POWER: POWER_EPISODES}
EVENT = {KEYSTROKES: KeystrokeEvent, POWER: PowerEvent}


class Stopwatch:
    """Wall and CPU time from the first record to the last."""

    def __init__(self, records: int) -> None:
        self.wanted, self.seen = records, 0
        self.wall = self.cpu = 0.0

    def count(self, records: int) -> bool:
        """Count records; True with the last one."""
        if not self.wall:
            self.wall, self.cpu = time.monotonic(), time.process_time()
        self.seen += records
        return self.seen >= self.wanted

    def report(self) -> None:
        """Print the figures as one JSON line and end the process."""
        wall, cpu = time.monotonic() - self.wall, time.process_time() - self.cpu
        sys.stdout.write(json.dumps({"records": self.seen, "wall_s": wall, "cpu_s": cpu}) + "\n")
        sys.stdout.flush()
        os._exit(0)


def decisions(topic: str) -> Any:
    """The pure side that all contestants share."""
    if topic == POWER:
        return PowerPartition()
    return DosePartition(DoseScorer(parameters.load(), Libraries()))


def worker(settings: Settings, topic: str, records: int, only: set[str]) -> None:
    """Our worker: all agents (`only` empty), or the one agent alone."""
    import faust

    from services.worker import die
    from streams import app as stream_app

    if only:
        stream_app.AGENTS = tuple(kind for kind in stream_app.AGENTS if kind.name in only)
    stream = stream_app.StreamWorker(settings, die)
    stream.prepare()
    watch = Stopwatch(records)
    first = "dose" if topic == KEYSTROKES else "power"
    followers = {} if only else {"alert": OUTPUT[topic], "rollup": OUTPUT[topic]}
    [agent] = [agent for agent in stream.agents if agent.name == first]
    take, progressed = agent.take, stream.signs.progressed

    async def take_and_start(batch):
        if not watch.wall:
            watch.count(0)
        await take(batch)

    def count_and_stop(name, batch, seconds):
        progressed(name, batch, seconds)
        if name == first and watch.count(len(batch.records)):
            asyncio.get_running_loop().create_task(settled(stream, followers, watch))

    agent.take, stream.signs.progressed = take_and_start, count_and_stop
    process = faust.Worker(stream.app, loglevel="error", override_logging=False, redirect_stdouts=False)
    process.execute_from_commandline()


async def settled(stream: Any, followers: dict[str, str], watch: Stopwatch) -> None:
    """Stop the watch when the agents behind have read all that was published."""
    while True:
        published = sum(
            sample.value
            for family in stream.metrics.published.collect()
            for sample in family.samples
            if sample.name.endswith("_total") and sample.labels["topic"] in followers.values()
        )
        if all(stream.signs._records.get(name, 0) >= published for name in followers):
            watch.report()
        await asyncio.sleep(0.02)


def plain(settings: Settings, topic: str, records: int) -> None:
    """A loop over a confluent-kafka consumer: poll a batch, decode, score, publish, flush, commit."""
    from confluent_kafka import Consumer, Producer

    consumer = Consumer(
        {
            **settings.confluent(),
            "group.id": "bench-plain",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "queued.min.messages": 100_000,
        }
    )
    producer = Producer(
        {**settings.confluent(), "enable.idempotence": True, "delivery.report.only.error": True, "linger.ms": 1}
    )
    consumer.subscribe([topic])
    watch, shared = Stopwatch(records), {}
    while True:
        messages = consumer.consume(2000, 0.5)
        if not messages:
            continue
        done = watch.count(len(messages))
        for message in messages:
            pure = shared.get(message.partition()) or shared.setdefault(message.partition(), decisions(topic))
            for derived in pure.apply(decode(EVENT[topic], message.value()), message.offset()):
                producer.produce(OUTPUT[topic], key=message.key(), value=encode(derived), partition=message.partition())
        producer.flush()
        consumer.commit(asynchronous=True)
        if done:
            watch.report()


def stock_faust(settings: Settings, topic: str, records: int, data: Path) -> None:
    """Unmodified Faust: one event at a time, published through its own producer."""
    import faust

    app = faust.App(
        "bench-stock",
        broker=f"kafka://{settings.kafka}",
        datadir=data,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        broker_session_timeout=10,
        broker_heartbeat_interval=2,
        consumer_auto_offset_reset="earliest",
    )
    watch, shared = Stopwatch(records), {}
    output = app.topic(OUTPUT[topic], value_serializer="raw", key_serializer="raw")

    @app.agent(app.topic(topic, value_serializer="raw", key_serializer="raw"))
    async def score(stream):
        async for event in stream.events():
            message = event.message
            done = watch.count(1)
            pure = shared.get(message.partition) or shared.setdefault(message.partition, decisions(topic))
            for derived in pure.apply(decode(EVENT[topic], event.value), message.offset):
                await output.send(key=event.key, value=encode(derived), partition=message.partition)
            if done:
                await app.producer.flush()
                watch.report()

    faust.Worker(app, loglevel="error", redirect_stdouts=False).execute_from_commandline()


def main() -> None:
    """Run the contestant that the command line names."""
    name, topic, records = sys.argv[1], sys.argv[2], int(sys.argv[3])
    uvloop.install()
    with TemporaryDirectory() as folder:
        settings = Settings.load(data_dir=Path(folder), group=f"bench-{name}")
        if name == "plain":
            plain(settings, topic, records)
        elif name == "stock-faust":
            stock_faust(settings, topic, records, Path(folder))
        else:
            only = {"dose" if topic == KEYSTROKES else "power"} if name == "agent-alone" else set()
            worker(settings, topic, records, only)


if __name__ == "__main__":
    main()

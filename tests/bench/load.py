"""Events for the benchmarks, made before the clock starts or cheaply enough to keep up with it."""

import time
from collections.abc import Iterator
from datetime import timedelta

import orjson
from confluent_kafka import Producer

from schemas.codec import encode, ms, rfc3339
from schemas.events import KeystrokeEvent
from schemas.topics import KEYSTROKES, POWER
from services.pumps import behaviour
from services.pumps.simulator import simulated
from tests.integration.stream import producer
from tests.made_events import entry, heartbeat, keys, now

Raw = tuple[str, str, bytes]


def keystrokes(records: int) -> tuple[list[Raw], int]:
    """Keystroke records of a simulated fleet (single keys, chunks, whole entries) and how many entries they commit."""
    fleet = simulated(
        pumps=5000,
        hospitals=8,
        seed=5,
        start_ms=ms(now() - timedelta(hours=12)),
        behaviour=behaviour.load(),
        busy=100,
    )
    taken: list[Raw] = []
    entries = 0
    for topic, key, event, _ in fleet.records():
        if isinstance(event, KeystrokeEvent):
            taken.append((topic, key, encode(event)))
            entries += event.commit is not None
            if len(taken) == records:
                return taken, entries
    raise AssertionError("the fleet went silent")


def heartbeats(records: int, pumps: int = 50_000, *, on_battery: float = 0.1) -> Iterator[Raw]:
    """Heartbeats of a fleet, a minute apart for each pump; one in ten pumps, or another share, infuses on battery."""
    started = now() - timedelta(hours=1)
    make: dict[str, Template] = {}
    for number in range(records):
        pump, beat = number % pumps, number // pumps
        if pump == 0:  # a battery at this rate loses a percent in four minutes
            charge = float(max(100 - beat // 4, 1))
            make = {
                source: Template(heartbeat("PUMP", 1, source=source, charge_pct=charge))
                for source in ("mains", "battery")
            }
        at = rfc3339(started + timedelta(minutes=beat, milliseconds=pump % 60_000))
        name = f"bench-{pump}"
        yield POWER, name, make["battery" if pump % 10 < round(10 * on_battery) else "mains"].fill(name, beat, at)


class Template:
    """One event as bytes with its pump, number and time left open."""

    def __init__(self, event: object) -> None:
        document = orjson.loads(encode(event))
        document |= {"id": "@P-@N", "pump": "@P", "at": "@T", "seq": "@N"}
        if "entry" in document:
            document["entry"] = "@P-e@N"
        self._text = orjson.dumps(document).decode().replace('"@N"', "@N")

    def fill(self, pump: str, number: int, at: str) -> bytes:
        """The event of this pump."""
        return self._text.replace("@P", pump).replace("@N", str(number)).replace("@T", at).encode()


def preload(kafka: str, records: list[Raw] | Iterator[Raw]) -> int:
    """Publish records as fast as Kafka takes them."""
    sender, count = producer(kafka), 0
    for topic, key, value in records:
        sender.produce(topic, value, key)
        count += 1
        if not count % 1000:
            sender.poll(0)
    while sender.flush(1):
        pass
    return count


class SteadyLoad:
    """A fleet's live traffic at a steady rate: 19 heartbeats to 1 dose entry, and 20 entries a second with a slip.

    `run` blocks for `seconds`; `probes` then holds when each slip was published, by the pump that it names.
    """

    SLIPS_PER_S = 20

    def __init__(self, kafka: str, rate: int, name: str) -> None:
        self._sender: Producer = Producer(
            {
                "bootstrap.servers": kafka,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 1,
                "queue.buffering.max.messages": 1_000_000,
                "log_level": 2,
            }
        )
        self._rate, self._name = rate, name
        self._heartbeat = Template(heartbeat("PUMP", 1))
        self._entry = Template(entry("PUMP", 1, "5"))
        # One key that bounced: 55 for 5.
        self._slip = Template(entry("PUMP", 1, "55", keys=keys("55", pace_ms=40)))
        self.probes: dict[str, float] = {}
        self.sent = 0

    def run(self, seconds: float) -> float:
        """Send for so many seconds; the share of the wanted rate that was reached."""
        step_s = 0.005
        started = time.time()
        ticks = int(seconds / step_s)
        every = round(1 / (self.SLIPS_PER_S * step_s))
        for tick in range(ticks):
            due = started + tick * step_s
            time.sleep(max(0.0, due - time.time()))
            at = rfc3339(now())
            wanted = round((tick + 1) * step_s * self._rate)
            while self.sent < wanted:
                number = self.sent
                name = f"{self._name}-{number}"
                if number % 20 == 0:
                    self._sender.produce(KEYSTROKES, self._entry.fill(name, number, at), name)
                else:
                    self._sender.produce(POWER, self._heartbeat.fill(name, number, at), name)
                self.sent += 1
            if tick % every == 0:
                name = f"{self._name}-slip-{tick}"
                self.probes[name] = time.time()
                self._sender.produce(KEYSTROKES, self._slip.fill(name, tick, at), name)
            self._sender.poll(0)
        took = time.time() - started
        self._sender.flush(30)
        return self.sent / (self._rate * took)

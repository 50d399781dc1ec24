"""Live traffic for the outage proofs: many pumps entering doses, in all the ways pumps send them."""

import random
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

from schemas.codec import encode
from schemas.envelope import headers
from schemas.events import KeystrokeEvent, PowerEvent
from tests.integration.stream import TOPIC_OF, producer
from tests.made_events import entry, heartbeat, in_pieces, now

VALUES = ("5", "6", "4.5", "5.5", "8", "3", "50", "0.5", "55", "12")


def entries(seed: int, pumps: int, per_pump: int) -> Iterator[list[KeystrokeEvent | PowerEvent]]:
    """Groups of events, each the whole of one entry or a heartbeat; every third entry comes key by key."""
    dice = random.Random(seed)
    started = now() - timedelta(hours=2)
    for number in range(1, per_pump + 1):
        for pump in range(pumps):
            name = f"pump{seed}-{pump}"
            at = started + timedelta(minutes=number, seconds=dice.random() * 30)
            whole = entry(name, number, dice.choice(VALUES), at.replace(microsecond=at.microsecond // 1000 * 1000))
            yield in_pieces(whole) if number % 3 == 0 else [whole]
            if number % 5 == 0:
                source = dice.choice(("mains", "battery"))
                yield [heartbeat(name, number, whole.at, source=source, charging=source == "mains")]


class Pumps(threading.Thread):
    """Publishes groups of events at a steady rate; entries that come in pieces are spread over what follows.

    `entries` counts committed entries. Kafka being away makes it wait; nothing is dropped.
    """

    def __init__(self, kafka: str, seed: int, pumps: int, per_pump: int, groups_per_s: float) -> None:
        super().__init__(daemon=True)
        self._groups = entries(seed, pumps, per_pump)
        self._pause_s = 1 / groups_per_s
        self._sender = producer(kafka)
        self._open: list[list[KeystrokeEvent | PowerEvent]] = []
        self.entries: set[str] = set()
        self.failed: list[str] = []

    def run(self) -> None:
        """Send everything; pieces of up to 40 open entries are sent in turn, each entry's in their order."""
        due = time.monotonic()
        for group in self._groups:
            if len(group) == 1:
                self._send(group[0])
            else:
                self._open.append(group)
            if len(self._open) > 40:
                self._next_pieces()
            due += self._pause_s
            time.sleep(max(0.0, due - time.monotonic()))
        while self._open:
            self._next_pieces()
        while self._sender.flush(1):
            pass

    def finish(self, within_s: float) -> int:
        """Wait until all is delivered and return how many entries were committed."""
        self.join(within_s)
        assert not self.is_alive(), f"the pumps could not deliver everything in {within_s:.0f} s"
        assert not self.failed, self.failed[:3]
        return len(self.entries)

    def _next_pieces(self) -> None:
        for group in self._open:
            self._send(group.pop(0))
        self._open = [group for group in self._open if group]

    def _send(self, event: KeystrokeEvent | PowerEvent) -> None:
        topic = TOPIC_OF[type(event)]
        self._sender.produce(
            topic, encode(event), event.pump, headers=headers(event, topic), on_delivery=self._delivered
        )
        self._sender.poll(0)
        if isinstance(event, KeystrokeEvent) and event.commit:
            self.entries.add(f"{event.pump}/{event.entry}")

    def _delivered(self, error, message) -> None:
        if error is not None:
            self.failed.append(f"{message.topic()}: {error.str()}")

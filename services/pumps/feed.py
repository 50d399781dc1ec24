"""From a source of events to Kafka or to a file, at a pace."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from time import monotonic, sleep
from typing import IO, TYPE_CHECKING, Protocol

from schemas import codec, topics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from schemas.events import KeystrokeEvent, PowerEvent
    from services.pumps.timeline import Pace
    from services.pumps.traffic import Record

_TICK_S = 0.5
_LOOK_AT_CLOCK_EVERY = 256


class Sink(Protocol):
    """Where events go; `poll` is called while there is nothing to do."""

    def publish(self, topic: str, key: str, event: KeystrokeEvent | PowerEvent) -> None:
        """Take one event."""

    def poll(self, timeout_s: float) -> None:
        """Wait up to so many seconds."""


class Lines:
    """Events as NDJSON."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def publish(self, topic: str, key: str, event: KeystrokeEvent | PowerEvent) -> None:  # noqa: ARG002 (as Sink)
        """Write one line."""
        self._file.write(codec.encode(event) + b"\n")

    def poll(self, timeout_s: float) -> None:
        """Let others read what was written, and wait."""
        self._file.flush()
        sleep(timeout_s)


class Count:
    """What has been fed so far; `at_ms` is the time on the pumps' clocks."""

    def __init__(self) -> None:
        self.keystrokes = 0
        self.entries = 0
        self.power = 0
        self.at_ms = 0
        self.seconds = 0.0
        self.interrupted = False

    @property
    def events(self) -> int:
        """Events of both kinds."""
        return self.keystrokes + self.power


def feed(
    records: Iterable[Record],
    sink: Sink,
    pace: Pace,
    *,
    only: str | None = None,
    until_ms: int | None = None,
    for_s: float | None = None,
    on_tick: Callable[[Count], None] | None = None,
) -> Count:
    """Feed until the records end, until `until_ms` on the pumps' clocks, for `for_s` seconds, or until Ctrl-C.

    `only` is the topic to feed, both if None; `on_tick` hears of progress about twice a second.
    """
    count = Count()
    began = monotonic()
    deadline = None if for_s is None else began + for_s
    tick, look = began + _TICK_S, _LOOK_AT_CLOCK_EVERY
    with _interruptible(count):
        for topic, key, event, at_ms in records:
            if until_ms is not None and at_ms >= until_ms:
                break
            if only is not None and topic != only:
                continue
            waited = pace.wait(at_ms, sink.poll, deadline)
            look -= 1
            if waited or not look:
                look = _LOOK_AT_CLOCK_EVERY
                now = monotonic()
                if deadline is not None and now >= deadline:
                    break
                if on_tick and now >= tick:
                    tick = now + _TICK_S
                    on_tick(count)
            sink.publish(topic, key, event)
            count.at_ms = at_ms
            if topic == topics.KEYSTROKES:
                count.keystrokes += 1
                count.entries += event.commit is not None  # type: ignore[union-attr]  # the topic says which it is
            else:
                count.power += 1
    count.seconds = monotonic() - began
    return count


@contextmanager
def _interruptible(count: Count) -> Iterator[None]:
    """SIGTERM counts as Ctrl-C; either ends the block quietly, a second one what comes after it."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        count.interrupted = True
    finally:
        signal.signal(signal.SIGTERM, before)

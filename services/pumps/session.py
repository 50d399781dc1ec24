"""What both commands share: where events go, how progress shows, and what is said at the end."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from schemas import topics
from schemas.codec import rfc3339
from services.failure import fail
from services.pumps.feed import Count, Lines, Sink, feed
from services.pumps.publisher import Publisher, PublishingError
from services.pumps.truth import TruthFile
from streams.cluster import Cluster, ClusterError
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from services.pumps.timeline import Pace
    from services.pumps.traffic import Record

Only = Literal["keystrokes", "power"]
_TOPICS = {"keystrokes": topics.KEYSTROKES, "power": topics.POWER}


@contextmanager
def ready(
    out: str | None, kafka: str | None, truth: Path | None, only: Only | None
) -> Iterator[tuple[Sink, Callable[[str], None], TruthFile]]:
    """The sink, how to say what came of it, and the file of truths; what cannot work is refused at once."""
    with ExitStack() as stack:
        try:
            told = stack.enter_context(TruthFile(truth))
            file = _open(out, stack) if out is not None else None
        except OSError as error:
            fail(f"{error.filename}: {error.strerror}")
        if file is not None:
            yield Lines(file), say if out == "-" else _print, told
            file.flush()
            return
        try:
            config = Settings.load(kafka=kafka).confluent()
            Cluster(config).metadata()
            publisher = Publisher(config, on_trouble=say)
            publisher.check([_TOPICS[only]] if only else list(_TOPICS.values()))
            with publisher:
                yield publisher, _print, told
        except (ClusterError, PublishingError) as error:
            fail(str(error), code=1)


def _open(out: str, stack: ExitStack) -> IO[bytes]:
    return sys.stdout.buffer if out == "-" else stack.enter_context(Path(out).open("wb"))


def play(
    records: Iterable[Record],
    sink: Sink,
    pace: Pace,
    *,
    only: Only | None,
    until_ms: int | None = None,
    for_s: float | None = None,
    total: int | None = None,
) -> Count:
    """Feed with a line of progress on a terminal."""
    topic = _TOPICS[only] if only else None
    if not sys.stderr.isatty():
        return _hurried(sink, feed(records, sink, pace, only=topic, until_ms=until_ms, for_s=for_s))
    columns = (TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)

        def on_tick(count: Count) -> None:
            entries = f"{count.entries:,}" + (f" of {total:,}" if total else "")
            at = rfc3339(datetime.fromtimestamp(count.at_ms / 1000, UTC))
            progress.update(task, description=f"{count.events:,} events, {entries} entries, pumps' clocks {at}")

        count = feed(records, sink, pace, only=topic, until_ms=until_ms, for_s=for_s, on_tick=on_tick)
    return _hurried(sink, count)


def _hurried(sink: Sink, count: Count) -> Count:
    """Who interrupts does not want to wait for a broker that is away."""
    if count.interrupted and isinstance(sink, Publisher):
        sink.hurry = True
    return count


def judge(sink: Sink, said: Callable[[str], None]) -> None:
    """Say what Kafka made of the events; a failed delivery is a failed command."""
    if not isinstance(sink, Publisher):
        return
    said(f"{sink.delivered:,} events delivered, {sink.failed:,} failed, {sink.undelivered:,} not confirmed")
    if sink.failed or sink.undelivered:
        fail(sink.first_failure or f"{sink.undelivered:,} events were not confirmed by Kafka before the end", code=1)


def summary(count: Count) -> str:
    """What was fed, and how fast."""
    rate = count.events / count.seconds if count.seconds else 0.0
    return (
        f"{count.entries:,} entries in {count.keystrokes:,} keystroke events, {count.power:,} power events, "
        f"{count.seconds:,.1f} s ({rate:,.0f} events/s)"
    )


def say(line: str) -> None:
    """One line to a person, on stderr."""
    sys.stderr.write(f"pumpwatch: {line}\n")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")

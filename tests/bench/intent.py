"""What it costs to score a dose entry, in one process without Kafka: all of it, and its parts.

CPU time of the process with the automatic garbage collection off, which the worker tunes to next to nothing. The same
number of entries of the simulated fleet is scored at few hospitals and at many, as the cost should not depend on it.
A first pass meets each text, drug and course for the first time, another pass over the same entries none. What a worker
pays lies between: a long run is measured on entries that it never met, after three times as many; with learning the
hospitals' own figures are young then, and made anew for nearly every entry.
"""

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from schemas.codec import decode, encode, ms
from schemas.events import KeystrokeEvent
from schemas.library import Library, load_default
from services.pumps import behaviour
from services.pumps.simulator import simulated
from streams.intent import parameters, priors
from streams.intent.course import Courses, Values
from streams.intent.display import type_keys
from streams.intent.entries import DoseEntry, OpenEntries
from streams.intent.keypad import layout
from streams.intent.learned import Learned
from streams.intent.outcome import Outcomes, Recent
from streams.intent.partition import DosePartition
from streams.intent.presses import press_counts
from streams.intent.programme import Programme, Programmes
from streams.intent.score import DoseScorer
from streams.intent.teacher import Teacher
from streams.intent.timing import intervals
from tests.made_events import now

PUMPS = 5000
BUSY = 100
REPEATS = 3
ENTRIES = 3_000
AHEAD = 3
"""So many times the entries measured lie before them in a long run."""


class Case(NamedTuple):
    """A fleet: at how many hospitals, and whether each has a library of its own."""

    words: str
    hospitals: int
    own_library: bool = False


CASES = (
    Case("10 hospitals", 10),
    Case("1,000 hospitals", 1000),
    Case("1,000 with libraries of their own", 1000, own_library=True),
)


def table(entries: int) -> Table:
    """The costs of all cases, each over so many entries."""
    costs = [measure(case, entries) for case in CASES]
    drawn = Table(
        "us of CPU an entry",
        *[case.words for case in CASES],
        title=f"Scoring {entries:,} dose entries in one process, garbage collection off",
        title_justify="left",
    )
    for row in costs[0]:
        drawn.add_row(row, *[cost[row] for cost in costs])
    return drawn


def measure(case: Case, entries: int) -> dict[str, str]:
    """The rows of one case by what they tell."""
    raw, ahead, events = traffic(case.hospitals, entries)
    libraries = cache(lambda hospital: Library(load_default())) if case.own_library else shared
    scorer = made(libraries)
    learned = Learned()
    taught = made(libraries, learned)
    for hospital in {event.hospital for event in ahead + events}:
        libraries(hospital)

    def plain() -> None:
        run(DosePartition(scorer), events)

    def learning() -> None:
        run(DosePartition(taught, Teacher(learned, libraries)), events)

    gc.collect()
    gc.disable()
    try:
        cold, warm = us(plain, entries, 1), us(plain, entries)
        cold_taught, warm_taught = us(learning, entries, 1), us(learning, entries)
        rows = {
            "drugs x units": str(len({(event.drug, event.unit) for event in events})),
            "whole, first pass": cold,
            "whole, in a long run": long_run(ahead, events, entries, DosePartition(made(libraries))),
            "whole, texts known": warm,
            "whole with learning, first pass": cold_taught,
            "whole with learning, in a long run": long_run(ahead, events, entries, learner(libraries)),
            "whole with learning, texts known": warm_taught,
            "  decode": us(lambda: [decode(KeystrokeEvent, one) for one in raw], entries),
            **parts(scorer, events, entries),
        }
    finally:
        gc.enable()
    return rows | {"MB kept after one pass (peak)": held(events, libraries)}


def parts(scorer: DoseScorer, events: list[KeystrokeEvent], entries: int) -> dict[str, str]:
    """The parts of the whole, each alone over all entries."""
    committed = assembled(events)
    told = remembered(scorer, committed)
    scores = [scorer.score(*one) for one in told]

    def keys() -> None:
        for entry in committed:
            keypad = layout(entry.event.model)
            typed = type_keys(keypad, entry.keys, entry.event.previous, entry.holds)
            if typed is not None:
                intervals(keypad, typed)
            press_counts(entry.keys)

    def score() -> None:
        for one in told:
            scorer.score(*one)

    def outcomes() -> None:
        after, courses, programmes = Outcomes(), Courses(), Programmes()
        for entry, one in zip(committed, scores, strict=True):
            after.recent(entry), programmes.of(entry), courses.of(entry)
            after.settle(one)
            courses.observe(one, corrected=False)
            programmes.observe(one)

    return {
        "  assembling the entry": us(lambda: assembled(events), entries),
        "  reading its keys": us(keys, entries),
        "  keys and score, texts known": us(score, entries),
        "  outcomes, course and programme": us(outcomes, entries),
    }


def long_run(ahead: list[KeystrokeEvent], events: list[KeystrokeEvent], entries: int, partition: DosePartition) -> str:
    """Microseconds of CPU an entry, with caches as a worker has them: measured once, as it cannot be repeated."""
    run(partition, ahead)
    return us(lambda: run(partition, events, len(ahead)), entries, 1)


def held(events: list[KeystrokeEvent], libraries: Callable[[str], Library]) -> str:
    """MB that a scorer with learning, its caches and one partition hold after all entries; in brackets the peak."""
    tracemalloc.start()
    partition = learner(libraries)
    run(partition, events)
    now_held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return f"{now_held / 1e6:.0f} ({peak / 1e6:.0f})"


def us(work: Callable[[], object], entries: int, repeats: int = REPEATS) -> str:
    """Microseconds of CPU an entry, the least of some runs: the others were disturbed."""
    took = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        took.append(time.process_time() - started)
    return f"{min(took) / entries * 1e6:.1f}"


def run(partition: DosePartition, events: Iterable[KeystrokeEvent], first: int = 0) -> None:
    """Apply all events, by offsets from the first one's."""
    for offset, event in enumerate(events, first):
        partition.apply(event, offset)


def assembled(events: Iterable[KeystrokeEvent]) -> list[DoseEntry]:
    """The entries that the events commit."""
    opened = OpenEntries()
    added = [opened.add(event, offset) for offset, event in enumerate(events)]
    return [entry for entry in added if entry is not None]


def remembered(
    scorer: DoseScorer, committed: Iterable[DoseEntry]
) -> list[tuple[DoseEntry, Recent | None, Programme | None, Values]]:
    """What the scorer is asked for each entry."""
    after, courses, programmes = Outcomes(), Courses(), Programmes()
    told = []
    for entry in committed:
        told.append((entry, after.recent(entry), programmes.of(entry), courses.of(entry)))
        score = scorer.score(*told[-1])
        after.settle(score)
        courses.observe(score, corrected=False)
        programmes.observe(score)
    return told


def traffic(hospitals: int, entries: int) -> tuple[list[bytes], list[KeystrokeEvent], list[KeystrokeEvent]]:
    """Keystroke events of a simulated fleet (single keys, chunks, whole entries) that commit so many entries.

    First as bytes, last as events; between them are the events of the fleet before.
    """
    start_ms = ms(now() - timedelta(hours=12))
    figures = behaviour.load()
    fleet = simulated(pumps=PUMPS, hospitals=hospitals, seed=5, start_ms=start_ms, behaviour=figures, busy=BUSY)
    events: list[KeystrokeEvent] = []
    left, begins = entries * (AHEAD + 1), 0
    for _, _, event, _ in fleet.records():
        if isinstance(event, KeystrokeEvent):
            events.append(event)
            left -= event.commit is not None
            if left == entries and not begins:
                begins = len(events)
            if not left:
                break
    raw = [encode(event) for event in events]
    decoded = [decode(KeystrokeEvent, one) for one in raw]
    return raw[begins:], decoded[:begins], decoded[begins:]


@cache
def default_library() -> Library:
    """The library that ships."""
    return Library(load_default())


def shared(_hospital: str) -> Library:
    """The same library for every hospital."""
    return default_library()


def made(libraries: Callable[[str], Library], learned: Learned | None = None) -> DoseScorer:
    """A scorer with nothing in its caches but what the module itself keeps."""
    return DoseScorer(parameters.load(), libraries, priors.load(), learned)


def learner(libraries: Callable[[str], Library]) -> DosePartition:
    """A partition that learns, from nothing."""
    learned = Learned()
    return DosePartition(made(libraries, learned), Teacher(learned, libraries))


if __name__ == "__main__":
    Console(width=110).print(table(ENTRIES))

"""Scores keystroke events from a file with the code of the stream: events in, dose scores out, no broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.codec import EventRefused, decode, encode
from schemas.events import KeystrokeEvent
from streams.intent.partition import DosePartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.intent.score import DoseScorer
    from streams.intent.teacher import Teacher


class Scored(NamedTuple):
    """What one line gave: the scores as lines of NDJSON, or why it was refused."""

    number: int
    scores: list[bytes]
    refusal: EventRefused | None = None


def score_lines(
    lines: Iterable[tuple[int, bytes]], scorer: DoseScorer, teacher: Teacher | None = None
) -> Iterator[Scored]:
    """Score keystroke events in the order in which they arrived.

    The whole file is one partition. Without a teacher that changes no score: what an entry scores depends on its own
    pump alone. With one, each entry is scored before it is learned from.
    """
    partition = DosePartition(scorer, teacher)
    for number, line in lines:
        try:
            scores = partition.apply(decode(KeystrokeEvent, line), number)
        except EventRefused as refusal:
            yield Scored(number, [], refusal)
        else:
            yield Scored(number, [encode(score) + b"\n" for score in scores])

"""Scores keystroke events from a file with the code of the stream: events in, dose scores out, no broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from schemas.codec import MAX_BYTES, EventRefused, decode, encode
from schemas.events import KeystrokeEvent
from streams.intent.partition import DosePartition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.intent.score import DoseScorer


class Scored(NamedTuple):
    """What one line gave: the scores as lines of NDJSON, or why it was refused."""

    number: int
    scores: list[bytes]
    refusal: EventRefused | None = None


def score_lines(source: BinaryIO, scorer: DoseScorer) -> Iterator[Scored]:
    """Score a file of keystroke events, one JSON object a line, in its order; empty lines are passed over.

    The whole file is one partition. That changes no score: what an entry scores depends on its own pump alone.
    """
    partition = DosePartition(scorer)
    for number, line in _lines(source):
        if not line.strip():
            continue
        try:
            scores = partition.apply(decode(KeystrokeEvent, line), number)
        except EventRefused as refusal:
            yield Scored(number, [], refusal)
        else:
            yield Scored(number, [encode(score) + b"\n" for score in scores])


def _lines(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, without the line end; of one beyond the size of an event only the beginning."""
    number = 0
    while line := source.readline(MAX_BYTES + 2):
        number += 1
        rest = line
        while not rest.endswith(b"\n") and len(rest) == MAX_BYTES + 2:
            rest = source.readline(MAX_BYTES + 2)
        yield number, line.rstrip(b"\r\n")

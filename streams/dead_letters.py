"""Refused records: kept untouched with the reason, and a limit that tells a bad pump from a wrong deployment."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

    from schemas.codec import EventRefused
    from streams.outbox import Headers, Outbox

log = structlog.get_logger()

ORIGINAL_TOPIC = "dlq-original-topic"
ORIGINAL_PARTITION = "dlq-original-partition"
ORIGINAL_OFFSET = "dlq-original-offset"
ORIGINAL_TIMESTAMP = "dlq-original-timestamp"
ERROR_CLASS = "dlq-error-class"
REASON = "dlq-reason"


class TooManyRefusedError(Exception):
    """Nearly everything is refused: a wrong deployment, not a bad pump. The worker stops instead of draining."""


def dead_letter_headers(record: ConsumerRecord, refusal: EventRefused) -> Headers:
    """Where a record came from and why it was refused, before the headers it came with."""
    ours: Headers = [
        (ORIGINAL_TOPIC, record.topic.encode()),
        (ORIGINAL_PARTITION, str(record.partition).encode()),
        (ORIGINAL_OFFSET, str(record.offset).encode()),
        (ORIGINAL_TIMESTAMP, str(record.timestamp).encode()),
        (ERROR_CLASS, refusal.error_class.encode()),
        (REASON, refusal.reason.encode()),
    ]
    return ours + [(name, value) for name, value in record.headers or () if not name.startswith("dlq-")]


class RefusalLimit:
    """Share of refused records among the last `window`; over `max_ratio` it raises."""

    def __init__(self, topic: str, window: int, max_ratio: float) -> None:
        self._topic, self._max_ratio = topic, max_ratio
        self._recent: deque[bool] = deque(maxlen=window)
        self._refused = 0

    def note(self, *, refused: bool) -> None:
        """Count one record. Raises TooManyRefusedError once the window is full and the share is passed."""
        recent = self._recent
        if len(recent) == recent.maxlen:
            self._refused -= recent[0]
        recent.append(refused)
        self._refused += refused
        if refused and len(recent) == recent.maxlen and self._refused > self._max_ratio * len(recent):
            raise TooManyRefusedError(
                f"{self._refused} of the last {len(recent)} records of {self._topic} were refused; this looks like "
                f"a wrong deployment. See `pumpwatch dlq list {self._topic}`; the limit is PUMPWATCH_DLQ_MAX_RATIO."
            )


class DeadLetters:
    """The dead-letter side of one agent."""

    def __init__(self, outbox: Outbox, window: int, max_ratio: float) -> None:
        self._outbox, self._window, self._max_ratio = outbox, window, max_ratio
        self._limits: dict[str, RefusalLimit] = {}

    def bury(self, record: ConsumerRecord, refusal: EventRefused) -> None:
        """Queue the raw record for the dead-letter topic of its topic, on the same partition."""
        self._outbox.send(
            f"{record.topic}.dlq",
            key=record.key,
            value=record.value,
            partition=record.partition,
            headers=dead_letter_headers(record, refusal),
        )
        log.warning(
            "record refused",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            error_class=refusal.error_class,
            reason=refusal.reason,
        )

    def note(self, topic: str, *, refused: bool) -> None:
        """Count a record towards the limit of its topic."""
        limit = self._limits.get(topic)
        if limit is None:
            limit = self._limits[topic] = RefusalLimit(topic, self._window, self._max_ratio)
        limit.note(refused=refused)

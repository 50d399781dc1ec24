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
TRUNCATED = "dlq-truncated-from"

# What a dead-letter topic takes is 2 MiB. More than this comes only from a sender who packed much into a compressed
# batch: its beginning is kept, or the one record would end every worker that reads it.
LARGEST_LETTER = 1_900_000
OUR_HEADERS = 6
KEPT_OF_KEY, KEPT_OF_VALUE = 1_000, 1_000_000

# With fewer pumps in the window it cannot be told whether they or the deployment are wrong (judgement).
PUMPS_THAT_TELL = 20


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
    """Shares of refused records, and of pumps that send nothing else, among the last `window` records.

    One bad pump may flood a topic; only where nearly all of many pumps are refused is the deployment wrong.
    """

    def __init__(self, topic: str, window: int, max_ratio: float) -> None:
        self._topic, self._max_ratio = topic, max_ratio
        self._recent: deque[tuple[bytes | None, bool]] = deque(maxlen=window)
        self._refused = 0
        self._by_pump: dict[bytes | None, list[int]] = {}  # records and refused records of each key
        self._only_refused = 0

    def note(self, key: bytes | None, *, refused: bool) -> None:
        """Count one record. Raises TooManyRefusedError once the window is full and both shares are passed.

        The window begins with a refused record: while all is well, as nearly always, nothing is counted.
        """
        recent = self._recent
        if not refused and not self._refused:
            if recent:
                recent.clear()
                self._by_pump.clear()
                self._only_refused = 0
            return
        if len(recent) == recent.maxlen:
            self._count(*recent[0], step=-1)
        recent.append((key, refused))
        self._count(key, refused, step=1)
        if (
            refused
            and len(recent) == recent.maxlen
            and len(self._by_pump) >= PUMPS_THAT_TELL
            and self._refused > self._max_ratio * len(recent)
            and self._only_refused > self._max_ratio * len(self._by_pump)
        ):
            raise TooManyRefusedError(
                f"{self._refused} of the last {len(recent)} records of {self._topic} were refused, from "
                f"{self._only_refused} of {len(self._by_pump)} pumps; this looks like a wrong deployment. "
                f"See `pumpwatch dlq list {self._topic}`; the limit is PUMPWATCH_DLQ_MAX_RATIO."
            )

    def _count(self, key: bytes | None, refused: bool, *, step: int) -> None:  # noqa: FBT001 (an item of the window)
        pump = self._by_pump.setdefault(key, [0, 0])
        self._only_refused -= pump[0] == pump[1] > 0
        pump[0] += step
        pump[1] += step * refused
        self._refused += step * refused
        self._only_refused += pump[0] == pump[1] > 0
        if not pump[0]:
            del self._by_pump[key]


class DeadLetters:
    """The dead-letter side of one agent."""

    def __init__(self, outbox: Outbox, window: int, max_ratio: float) -> None:
        self._outbox, self._window, self._max_ratio = outbox, window, max_ratio
        self._limits: dict[str, RefusalLimit] = {}
        self._untold: dict[tuple[str, str], tuple[int, str]] = {}

    def bury(self, record: ConsumerRecord, refusal: EventRefused) -> None:
        """Queue the raw record for the dead-letter topic of its topic, on the same partition."""
        key, value, headers = record.key or b"", record.value or b"", dead_letter_headers(record, refusal)
        size = len(key) + len(value) + sum(len(name) + len(text or b"") for name, text in headers)
        whole = size <= LARGEST_LETTER
        self._outbox.send(
            f"{record.topic}.dlq",
            key=record.key if whole else key[:KEPT_OF_KEY],
            value=record.value if whole else value[:KEPT_OF_VALUE],
            partition=record.partition,
            headers=headers if whole else [*headers[:OUR_HEADERS], (TRUNCATED, str(size).encode())],
        )
        place = (record.topic, refusal.error_class)
        count = self._untold.get(place, (0, ""))[0] + 1
        self._untold[place] = (count, f"{record.partition}/{record.offset}: {refusal.reason}")

    def tell(self) -> None:
        """Log what was refused since the last call: one line for each class, however many there were."""
        for (topic, error_class), (count, example) in self._untold.items():
            log.warning("records refused", topic=topic, error_class=error_class, count=count, example=example)
        self._untold.clear()

    def note(self, record: ConsumerRecord, *, refused: bool) -> None:
        """Count a record towards the limit of its topic."""
        limit = self._limits.get(record.topic)
        if limit is None:
            limit = self._limits[record.topic] = RefusalLimit(record.topic, self._window, self._max_ratio)
        limit.note(record.key, refused=refused)

"""Reading the dead-letter topics and sending what is in them back to where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from streams.dead_letters import ERROR_CLASS, ORIGINAL_OFFSET, ORIGINAL_PARTITION, ORIGINAL_TIMESTAMP, REASON
from streams.outbox import Outbox
from streams.readback import Readback

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class DeadLetter:
    """A refused record as it was, and why it was refused. `timestamp_ms` is the broker's time of the original."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    error_class: str
    reason: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]

    def matches(self, error_class: str | None, reason: str | None) -> bool:
        """Whether it is of this class and its reason holds this text; None matches all."""
        return (error_class is None or error_class == self.error_class) and (
            reason is None or reason.lower() in self.reason.lower()
        )


def read(config: Mapping[str, Any], topic: str, partitions: int) -> Iterator[DeadLetter]:
    """All dead letters of a topic, partition by partition. Raises ReadbackError."""
    reader = Readback(config)
    try:
        for partition in range(partitions):
            for message in reader.whole(f"{topic}.dlq", partition):
                found: Any = message.headers() or []
                ours = dict(found)
                yield DeadLetter(
                    topic=topic,
                    partition=int(ours.get(ORIGINAL_PARTITION, b"0")),
                    offset=int(ours.get(ORIGINAL_OFFSET, b"-1")),
                    timestamp_ms=int(ours.get(ORIGINAL_TIMESTAMP, b"0")),
                    error_class=ours.get(ERROR_CLASS, b"unknown").decode("utf-8", "replace"),
                    reason=ours.get(REASON, b"").decode("utf-8", "replace"),
                    key=_bytes(message.key()),
                    value=_bytes(message.value()),
                    headers=[(name, value) for name, value in found if not name.startswith("dlq-")],
                )
    finally:
        reader.close()


async def replay(config: Mapping[str, Any], letters: Iterator[DeadLetter]) -> int:
    """Publish dead letters again where they came from, unchanged, and return how many once Kafka confirmed them.

    The original time goes with them, so that the check of a pump's clock judges them as it did then. What is still
    wrong comes back as a new dead letter; what was taken meanwhile is refused as a duplicate. Nothing is lost. The
    same record refused several times goes once, so that the dead letters do not double with every replay.
    """
    outbox = Outbox(config, "pumpwatch-dlq-replay")
    sent: set[bytes] = set()
    for letter in letters:
        same = sha256(repr((letter.topic, letter.partition, letter.key, letter.value)).encode()).digest()
        if same in sent:
            continue
        outbox.send(
            letter.topic,
            key=letter.key,
            value=letter.value,
            partition=letter.partition,
            headers=letter.headers,
            timestamp_ms=letter.timestamp_ms,
        )
        sent.add(same)
    await outbox.confirm()
    return len(sent)


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value

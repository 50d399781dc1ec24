"""Following a compacted topic: whole at the start, then live, in a thread of its own and outside any consumer group."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluent_kafka import Message

log = structlog.get_logger()

FIRST_READ_S = 30.0
ASK_S = 5.0
ASK_AGAIN_S = 0.5
# The client wants a group; it is never joined and nothing is ever committed.
GROUP = "pumpwatch-follower"


class TopicFollower(threading.Thread, ABC):
    """Hands every record of a topic to `take`, from the first on, until stopped."""

    topic: ClassVar[str]
    what: ClassVar[str]
    """What the topic holds, in the plural, for the log."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(name=f"{self.topic}-follower", daemon=True)
        self._read_whole = threading.Event()
        self._stopping = threading.Event()
        self._consumer = Consumer(
            {
                **config,
                "group.id": GROUP,
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",  # a topic made anew is read from its beginning
                "log_level": 2,
            }
        )

    @abstractmethod
    def take(self, message: Message) -> None:
        """Take one record in."""

    @property
    def stopping(self) -> bool:
        """Whether the thread was told to end."""
        return self._stopping.is_set()

    def wait_until_read(self) -> bool:
        """Whether the topic was read to its end in time."""
        return self._read_whole.wait(FIRST_READ_S)

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()

    def run(self) -> None:
        """Follow the topic until stopped."""
        partitions = self._partitions()
        unread = set(partitions)
        self._consumer.assign(self._begun(partitions))
        said = ""
        while not self.stopping:
            message = self._consumer.poll(0.5)
            if message is None:
                continue
            error = message.error()
            if error is None:
                self.take_safely(message)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 (the client's own name)
                unread.discard(message.partition())
                if not unread:
                    self._read_whole.set()
            elif (reason := error.str()) != said:
                # The client tries again by itself; what was read stays in use.
                said = reason
                log.warning("a topic cannot be read now", topic=self.topic, reason=reason)
        self._consumer.close()

    def begin(self, partitions: list[int]) -> list[TopicPartition]:
        """Where to begin: at the first record of each partition."""
        return [TopicPartition(self.topic, number, OFFSET_BEGINNING) for number in partitions]

    def _begun(self, partitions: list[int]) -> list[TopicPartition]:
        """Where to begin; a broker that cannot tell yet, as of a topic just made, is asked again."""
        while not self.stopping:
            try:
                return self.begin(partitions)
            except KafkaException as error:
                log.warning("a topic cannot be read now", topic=self.topic, reason=error.args[0].str())
                self._stopping.wait(ASK_AGAIN_S)
        return []

    def take_safely(self, message: Message) -> None:
        """Take a record in. The thread must live: one that our own code fails on must not end all later ones."""
        try:
            self.take(message)
        except Exception:
            log.exception("a record failed, what was known stays", topic=self.topic, key=message.key())

    def _partitions(self) -> list[int]:
        """The partitions of the topic; a broker that is away is asked again."""
        while not self.stopping:
            try:
                found = self._consumer.list_topics(self.topic, ASK_S).topics[self.topic]
            except KafkaException as error:
                log.warning("a topic cannot be read now", topic=self.topic, reason=error.args[0].str())
                continue
            if found.partitions:
                return list(found.partitions)
            self._stopping.wait(ASK_S)
        return []

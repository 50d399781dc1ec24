"""The drug libraries in force, followed live from their compacted topic."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from schemas.codec import EventRefused, decode
from schemas.events import DrugLibrary
from schemas.library import Library, check, load_default
from schemas.topics import DRUG_LIBRARY

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger()

EVERY_HOSPITAL = "*"
FIRST_READ_S = 30.0
ASK_S = 5.0
# The client wants a group; it is never joined and nothing is ever committed.
GROUP = "pumpwatch-library"


class Libraries:
    """Which library judges a hospital's entries: its own, else the one published for `*`, else the shipped one."""

    def __init__(self) -> None:
        self._shipped = Library(load_default())
        self._published: dict[str, Library] = {}

    def __call__(self, hospital: str) -> Library:
        """The library of `hospital`."""
        published = self._published
        return published.get(hospital) or published.get(EVERY_HOSPITAL) or self._shipped

    def put(self, raw: bytes) -> None:
        """Take a published library into use. Raises EventRefused if it is no sound library."""
        library = decode(DrugLibrary, raw)
        if problems := check(library):
            raise EventRefused("schema", problems[0])
        self._published[library.hospital] = Library(library)
        log.info("drug library in use", hospital=library.hospital, version=library.version)

    def drop(self, hospital: str) -> None:
        """A tombstone: the hospital goes back to the library of all."""
        self._published.pop(hospital, None)


class LibraryFollower(threading.Thread):
    """Reads the library topic whole, then follows it, in a thread of its own.

    A library that cannot be used is reported and the one before it stays in use.
    """

    def __init__(self, config: Mapping[str, Any], libraries: Libraries) -> None:
        super().__init__(name="library-follower", daemon=True)
        self._libraries = libraries
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
        self._consumer.assign([TopicPartition(DRUG_LIBRARY, number, OFFSET_BEGINNING) for number in partitions])
        said = ""
        while not self._stopping.is_set():
            message = self._consumer.poll(0.5)
            if message is None:
                continue
            error = message.error()
            if error is None:
                self._take(message)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 (the client's own name)
                unread.discard(message.partition())
                if not unread:
                    self._read_whole.set()
            elif (reason := error.str()) != said:
                # The client tries again by itself; the libraries in force stay.
                said = reason
                log.warning("drug libraries cannot be read now", reason=reason)
        self._consumer.close()

    def _partitions(self) -> list[int]:
        """The partitions of the topic; a broker that is away is asked again."""
        while not self._stopping.is_set():
            try:
                found = self._consumer.list_topics(DRUG_LIBRARY, ASK_S).topics[DRUG_LIBRARY]
            except KafkaException as error:
                log.warning("drug libraries cannot be read now", reason=error.args[0].str())
                continue
            if found.partitions:
                return list(found.partitions)
            self._stopping.wait(ASK_S)
        return []

    def _take(self, message: Any) -> None:
        hospital = (message.key() or b"").decode("utf-8", "replace")
        if message.value() is None:
            self._libraries.drop(hospital)
            return
        try:
            self._libraries.put(message.value())
        except EventRefused as refusal:
            log.warning("drug library refused, the one before stays", hospital=hospital, reason=refusal.reason)
        except Exception:
            # The thread must live: a library that our own code fails on must not end all later ones.
            log.exception("drug library failed, the one before stays", hospital=hospital)

"""The drug libraries in force, followed live from their compacted topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from schemas.codec import EventRefused, decode
from schemas.events import DrugLibrary
from schemas.library import Library, check, load_default
from schemas.topics import DRUG_LIBRARY
from streams.following import TopicFollower

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluent_kafka import Message

log = structlog.get_logger()

EVERY_HOSPITAL = "*"


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


class LibraryFollower(TopicFollower):
    """Keeps the libraries as the topic has them.

    A library that cannot be used is reported and the one before it stays in use.
    """

    topic = DRUG_LIBRARY
    what = "drug libraries"

    def __init__(self, config: Mapping[str, Any], libraries: Libraries) -> None:
        super().__init__(config)
        self._libraries = libraries

    def take(self, message: Message) -> None:
        """Take one library or tombstone in."""
        hospital = (message.key() or b"").decode("utf-8", "replace")
        raw: Any = message.value()
        if raw is None:
            self._libraries.drop(hospital)
            return
        try:
            self._libraries.put(raw)
        except EventRefused as refusal:
            log.warning("drug library refused, the one before stays", hospital=hospital, reason=refusal.reason)

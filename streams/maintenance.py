"""The maintenance windows in force, followed live from their compacted topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from schemas.codec import EventRefused, check_key, decode
from schemas.events import MaintenanceWindow
from schemas.topics import MAINTENANCE
from streams.alerts.maintenance import Windows, window_key
from streams.following import TopicFollower

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluent_kafka import Message

log = structlog.get_logger()


class Maintenance:
    """What the topic holds: a thread puts windows in, the event loop asks for those in force."""

    def __init__(self) -> None:
        self._published: dict[bytes, MaintenanceWindow] = {}
        self._windows = Windows()
        self._changed = False

    @property
    def windows(self) -> Windows:
        """All windows; the same object until one of them changes."""
        if self._changed:
            self._changed = False  # before they are looked at: one that comes meanwhile counts at the next call
            self._windows = Windows(list(self._published.values()))
        return self._windows

    def put(self, key: bytes, raw: bytes) -> None:
        """Take a window, or a change of one, into use. Raises EventRefused if it is none."""
        window = decode(MaintenanceWindow, raw)
        check_key(key, window_key(window.hospital, window.window))
        known = self._published.get(key)
        if known is None or known.revision < window.revision:
            self._published[key] = window
            self._changed = True
            log.info("maintenance window", hospital=window.hospital, window=window.window, revision=window.revision)

    def drop(self, key: bytes) -> None:
        """A tombstone: the window is as if it had never been."""
        if self._published.pop(key, None) is not None:
            self._changed = True


class MaintenanceFollower(TopicFollower):
    """Keeps the windows as the topic has them; what is no window is reported and passed over."""

    topic = MAINTENANCE
    what = "maintenance windows"

    def __init__(self, config: Mapping[str, Any], maintenance: Maintenance) -> None:
        super().__init__(config)
        self._maintenance = maintenance

    def take(self, message: Message) -> None:
        """Take one window or tombstone in."""
        raw: Any = message.value()
        key: Any = message.key() or b""
        if raw is None:
            self._maintenance.drop(key)
            return
        try:
            self._maintenance.put(key, raw)
        except EventRefused as refusal:
            log.warning("maintenance window refused", offset=message.offset(), reason=refusal.reason)

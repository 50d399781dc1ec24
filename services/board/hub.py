"""One change, many screens: numbered changes go to bounded queues, and a screen that fell behind catches up by number.

A screen that does not read is dropped as soon as its queue is full, so it costs others nothing. It comes back with
the number of the last change it saw and gets what followed, or, when that is too long ago, a fresh snapshot.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from sse_starlette.event import ServerSentEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

# Judgement: at ten changes a second a screen may be away for seven minutes before it needs a snapshot.
REMEMBERED = 4096
QUEUE_LENGTH = 256


class Message(NamedTuple):
    """What goes to screens, encoded once for all of them. No body means: read a fresh snapshot."""

    hospital: str | None
    body: bytes | None


SNAPSHOT_NEEDED = Message(None, None)


class Subscription:
    """The queue of one screen. `hospital` None means all; `session` is whose screen it is."""

    def __init__(self, hospital: str | None, session: str, length: int) -> None:
        self.hospital = hospital
        self.session = session
        self.closed = False
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue(length)

    def offer(self, message: Message) -> bool:
        """Queue the message if it concerns this screen; False when the queue is full."""
        if message.hospital is not None and self.hospital not in {None, message.hospital}:
            return True
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            return False
        return True

    def close(self) -> None:
        """Let the screen read what is queued, then end its stream."""
        self.closed = True
        if self._queue.empty():
            self._queue.put_nowait(None)

    async def messages(self) -> AsyncIterator[Message]:
        """Messages until the subscription is closed and its queue is read."""
        while not (self.closed and self._queue.empty()):
            message = await self._queue.get()
            if message is None:
                return
            yield message


class Hub:
    """Numbers the changes, remembers the last ones and fans them out. Everything happens in one event loop."""

    def __init__(self, remembered: int = REMEMBERED, queue_length: int = QUEUE_LENGTH) -> None:
        # A number means something only to the process that gave it.
        self._epoch = secrets.token_hex(6)
        self._changes: deque[Message] = deque(maxlen=remembered)
        self._queue_length = queue_length
        self._subscriptions: set[Subscription] = set()
        self._status: Message | None = None
        self.number = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._subscriptions)

    @property
    def sessions(self) -> set[str]:
        """The sessions that have a screen open."""
        return {subscription.session for subscription in self._subscriptions}

    @property
    def status(self) -> Message | None:
        """The latest status, for a screen that joins between two of them."""
        return self._status

    def encode(self, event: str, payload: bytes, number: int | None = None) -> bytes:
        """One event of the stream; its id is the number of the last change that it or what went before tells."""
        at = self.number if number is None else number
        return ServerSentEvent(payload.decode(), event=event, id=f"{self._epoch}-{at}", sep="\n").encode()

    def publish_change(self, hospital: str, payload: bytes) -> None:
        """An alert changed: number it, remember it and send it to the screens of the hospital."""
        self.number += 1
        message = Message(hospital, self.encode("alert", payload))
        self._changes.append(message)
        self._fan_out(message)

    def publish_status(self, payload: bytes) -> None:
        """Counts and health: only the latest matters, so it is not remembered."""
        self._status = Message(None, self.encode("status", payload))
        self._fan_out(self._status)

    def request_snapshots(self) -> None:
        """Something may have been missed: every screen, and whoever resumes from before now, reads afresh."""
        self.number += 1
        self._changes.append(SNAPSHOT_NEEDED)
        self._fan_out(SNAPSHOT_NEEDED)

    def subscribe(
        self, hospital: str | None, session: str, last_event_id: str | None
    ) -> tuple[Subscription, list[Message] | None]:
        """Join, and return what followed on `last_event_id`, or None where only a snapshot is complete."""
        subscription = Subscription(hospital, session, self._queue_length)
        self._subscriptions.add(subscription)
        return subscription, self._since(hospital, last_event_id)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Leave."""
        self._subscriptions.discard(subscription)

    def close(self, sessions: Iterable[str] | None = None) -> None:
        """End the streams of these sessions, or of all."""
        ending = None if sessions is None else set(sessions)
        for subscription in [each for each in self._subscriptions if ending is None or each.session in ending]:
            self._subscriptions.discard(subscription)
            subscription.close()

    def _since(self, hospital: str | None, last_event_id: str | None) -> list[Message] | None:
        epoch, _, number = (last_event_id or "").partition("-")
        if epoch != self._epoch or not number.isdecimal() or len(number) > 18:
            return None
        missed = self.number - int(number)
        if not 0 <= missed <= len(self._changes):
            return None
        changes = list(self._changes)[len(self._changes) - missed :]
        if SNAPSHOT_NEEDED in changes:
            return None
        return [change for change in changes if hospital is None or change.hospital == hospital]

    def _fan_out(self, message: Message) -> None:
        for subscription in [each for each in self._subscriptions if not each.offer(message)]:
            self.dropped += 1
            self._subscriptions.discard(subscription)
            subscription.close()

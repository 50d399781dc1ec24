"""One change, many screens: changes in order go to bounded queues, and a screen that fell behind catches up by id.

A screen that does not read is dropped as soon as its queue is full, so it costs others nothing. It comes back with
the id of the last change it saw and gets what followed, or, when that is too long ago, a fresh snapshot.

An id is random: a number would tell a screen of one hospital how much happened in the others.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from sse_starlette.event import ServerSentEvent

from services.board.scope import covers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from services.board.scope import Hospitals

# Judgement: at ten changes a second a screen may be away for seven minutes before it needs a snapshot.
REMEMBERED = 4096
QUEUE_LENGTH = 256
# The scope of a session that is over: no hospital has an empty name.
_ENDED = frozenset({""})


class Message(NamedTuple):
    """What goes to screens, encoded once for all that get it. No hospital: it is not about one of them.

    No body means: read a fresh snapshot.
    """

    hospital: str | None
    body: bytes | None


SNAPSHOT_NEEDED = Message(None, None)


class Subscription:
    """The queue of one screen.

    It gets the changes of the hospitals that it `shows`, and the status of all in its `scope`; `session` is whose
    screen it is.
    """

    def __init__(self, shows: Hospitals, scope: Hospitals, session: str, length: int) -> None:
        self.shows = shows
        self.scope = scope
        self.session = session
        self.closed = False
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue(length)

    def offer(self, message: Message) -> bool:
        """Queue the message if it concerns this screen; False when the queue is full."""
        if message.hospital is not None and not covers(self.shows, message.hospital):
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
    """Keeps the last changes in order and fans them out. Everything happens in one event loop."""

    def __init__(self, remembered: int = REMEMBERED, queue_length: int = QUEUE_LENGTH) -> None:
        self._changes: deque[tuple[str, Message]] = deque(maxlen=remembered)
        self._queue_length = queue_length
        self._subscriptions: set[Subscription] = set()
        self._encode_status: Callable[[Hospitals], bytes] | None = None
        self._statuses: dict[Hospitals, Message] = {}
        # The id before the oldest change that is remembered.
        self._before = self.last_id = _new_id()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._subscriptions)

    @property
    def sessions(self) -> set[str]:
        """The sessions that have a screen open."""
        return {subscription.session for subscription in self._subscriptions}

    def streams_of(self, session: str) -> int:
        """How many screens a session has open."""
        return sum(subscription.session == session for subscription in self._subscriptions)

    def encode(self, event: str, payload: bytes, last_id: str | None = None) -> bytes:
        """One event of the stream; its id is that of the last change that it or what went before tells."""
        return ServerSentEvent(payload.decode(), event=event, id=last_id or self.last_id, sep="\n").encode()

    def publish_change(self, hospital: str, payload: bytes) -> None:
        """An alert changed: give it an id, remember it and send it to the screens of the hospital."""
        self.last_id = _new_id()
        self._remember(Message(hospital, self.encode("alert", payload)))

    def publish_status(self, encode: Callable[[Hospitals], bytes]) -> None:
        """Counts and health, of each scope its own: only the latest matters, so it is not remembered."""
        self._encode_status = encode
        self._statuses = {}
        self._offer([(each, self._status(each.scope, encode)) for each in self._subscriptions])

    def status(self, scope: Hospitals) -> Message | None:
        """The latest status of a scope, for a screen that joins between two of them."""
        return self._encode_status and self._status(scope, self._encode_status)

    def request_snapshots(self) -> None:
        """Something may have been missed: every screen, and whoever resumes from before now, reads afresh."""
        self.last_id = _new_id()
        self._remember(SNAPSHOT_NEEDED)

    def subscribe(
        self, shows: Hospitals, scope: Hospitals, session: str, last_event_id: str | None
    ) -> tuple[Subscription, list[Message] | None]:
        """Join, and return what followed on `last_event_id`, or None where only a snapshot is complete."""
        subscription = Subscription(shows, scope, session, self._queue_length)
        self._subscriptions.add(subscription)
        return subscription, self._since(shows, last_event_id)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Leave."""
        self._subscriptions.discard(subscription)

    def close(self, session: str | None = None) -> None:
        """End the streams of a session, or of all."""
        self._end([each for each in self._subscriptions if session in {None, each.session}])

    def keep(self, scopes: Mapping[str, Hospitals]) -> None:
        """End the streams of all but these sessions, and of those whose hospitals are others now."""
        self._end([each for each in self._subscriptions if scopes.get(each.session, _ENDED) != each.scope])

    def _since(self, shows: Hospitals, last_event_id: str | None) -> list[Message] | None:
        missed: list[Message] = []
        for its_id, change in reversed(self._changes):
            if its_id == last_event_id:
                break
            if change == SNAPSHOT_NEEDED:
                return None
            if change.hospital is not None and covers(shows, change.hospital):
                missed.append(change)
        else:
            if last_event_id != self._before:
                return None
        return missed[::-1]

    def _status(self, scope: Hospitals, encode: Callable[[Hospitals], bytes]) -> Message:
        if scope not in self._statuses:
            self._statuses[scope] = Message(None, self.encode("status", encode(scope)))
        return self._statuses[scope]

    def _remember(self, message: Message) -> None:
        if len(self._changes) == self._changes.maxlen:
            self._before, _ = self._changes[0]
        self._changes.append((self.last_id, message))
        self._offer([(each, message) for each in self._subscriptions])

    def _offer(self, messages: Iterable[tuple[Subscription, Message]]) -> None:
        slow = [each for each, message in messages if not each.offer(message)]
        self.dropped += len(slow)
        self._end(slow)

    def _end(self, subscriptions: Iterable[Subscription]) -> None:
        for subscription in subscriptions:
            self._subscriptions.discard(subscription)
            subscription.close()


def _new_id() -> str:
    return secrets.token_hex(8)

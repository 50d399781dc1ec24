"""The learned counts of all partitions, as their compacted topic carries them from worker to worker."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from schemas.codec import EventRefused, decode
from schemas.events import IntentState
from schemas.topics import INTENT_STATE
from streams.following import TopicFollower
from streams.intent.state import LEARNING_VERSION
from streams.rollups.cell import escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from confluent_kafka import Message

log = structlog.get_logger()

WAITING = 2_000
"""States read but not yet taken over; the thread that reads waits when there are so many. About 4 KB each."""


class Furthest(NamedTuple):
    """Of each cell of a partition the state that reaches furthest; `older_last`: an older one stands after it."""

    through: tuple[int, int]
    raw: bytes
    older_last: bool


class StateReader:
    """Reads published states; those it cannot use are passed over, with one line for each kind of them."""

    def __init__(self, say: Callable[[str, str], None] | None = None) -> None:
        self._tell = say or _log
        self._said: set[str] = set()

    def read(self, raw: bytes | None) -> IntentState | None:
        """The state, if it is one that this version may use."""
        if not raw:
            return None
        try:
            state = decode(IntentState, raw)
        except EventRefused as refusal:
            self._say("learned state passed over", refusal.reason)
            return None
        if state.learning_version != LEARNING_VERSION:
            self._say("learned states by other rules are ignored", state.learning_version)
            return None
        return state

    def furthest(self, partition: int, messages: Iterable[Message]) -> list[Furthest]:
        """What a partition taught so far, from all its records, oldest first."""
        found: dict[Any, Furthest] = {}
        for message in messages:
            raw: Any = message.value()
            key = message.key()
            if raw is None:
                found.pop(key, None)
                continue
            state = self.read(raw)
            if state is None or state.partition != partition:
                continue
            known = found.get(key)
            if known is None or state.through >= known.through:
                found[key] = Furthest(state.through, raw, older_last=False)
            else:
                # A worker that had lost its partitions wrote after its successor.
                found[key] = known._replace(older_last=True)
        return list(found.values())

    def _say(self, what: str, reason: str) -> None:
        if reason not in self._said and len(self._said) < 100:
            self._said.add(reason)
            self._tell(what, reason)


def _log(what: str, reason: str) -> None:
    log.warning(what, topic=INTENT_STATE, reason=reason)


class StateFollower(TopicFollower):
    """Reads the states of all partitions and keeps them until the event loop fetches them."""

    topic = INTENT_STATE
    what = "learned states"

    def __init__(self, config: Mapping[str, Any], reader: StateReader) -> None:
        super().__init__(config)
        self._reader = reader
        self._waiting: queue.Queue[IntentState] = queue.Queue(WAITING)

    def take(self, message: Message) -> None:
        """Read one state; wait while the loop has enough to fetch."""
        raw: Any = message.value()
        state = self._reader.read(raw)
        while state is not None and not self.stopping:
            try:
                self._waiting.put(state, timeout=0.5)
            except queue.Full:
                continue
            return

    def fetch(self) -> IntentState | None:
        """The next state read, if there is one."""
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            return None


def state_key(state: IntentState) -> str:
    """The record key of a state: hospital/drug/unit/source partition, slashes within names escaped."""
    names = (escaped(name) for name in (state.hospital, state.drug, state.unit))
    return f"{'/'.join(names)}/{state.partition}"

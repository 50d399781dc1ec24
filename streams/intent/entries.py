"""Dose entries put together from the keystrokes of one partition.

A pump sends each key alone, in chunks, or the whole entry at once; here they become one `DoseEntry` when the
nurse commits it. An entry whose own pump has gone on for more than ten minutes without a key of it is abandoned.

Ten minutes for the partition (how long an open entry may hold its commit back) are measured on a clock made of the
pumps' own progress: a pump whose clock is behind, or more than half an hour ahead, when it is first heard counts from
where the partition stood then. So a pump whose clock is an hour off, which every hospital has, neither releases nor
blocks the others.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from schemas.codec import EventRefused, ms
from streams.intent.bounded import Bounded

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.events import Commit, KeystrokeEvent

ABANDONED_AFTER_MS = 600_000
BELIEVED_AHEAD_MS = 30 * 60_000  # judgement: clocks of pumps differ by minutes, or are set to another time zone
MAX_OPEN = 50_000
MAX_CLOSED = 50_000
MAX_ABANDONED = 50_000
MAX_PUMPS = 100_000


# Pumps show three decimals at most; what lies so far below breaks the arithmetic of doses.
SMALLEST = 1e-9


class DoseEntry(NamedTuple):
    """One committed entry: the event that carried the commit, and all its keys as (ms of the pump's clock, key).

    `holds` are the ms each key was held, as long as `keys`; empty where the pump does not say.
    """

    event: KeystrokeEvent
    commit: Commit
    keys: list[tuple[int, str]]
    at: datetime
    holds: tuple[int | None, ...] = ()


class _Pump:
    __slots__ = ("lag_ms", "open")

    def __init__(self, lag_ms: int) -> None:
        self.lag_ms = lag_ms
        self.open: dict[str, _OpenEntry] = {}


class _OpenEntry:
    __slots__ = ("first_offset", "holds", "keys", "last_ms", "last_offset", "name", "pump", "seen", "touched_ms")

    def __init__(self, name: str, pump: str, offset: int, at_ms: int, now_ms: int) -> None:
        self.name = name
        self.pump = pump
        self.seen: set[str] = set()
        self.keys: list[tuple[int, str]] = []
        self.holds: list[int | None] = []
        self.first_offset = self.last_offset = offset
        self.last_ms = at_ms
        self.touched_ms = now_ms

    def take(self, event: KeystrokeEvent, offset: int, at_ms: int) -> None:
        """Add the keys of an event. Raises EventRefused if it was added before."""
        if event.id in self.seen:
            raise EventRefused("duplicate", f"field `id`: the event `{event.id}` was received before")
        self.seen.add(event.id)
        self.last_offset = offset
        keys, holds = _pressed(event, at_ms)
        self.keys += keys
        self.holds += holds


class OpenEntries:
    """The entries of one partition that are still being typed, and which were committed lately."""

    def __init__(self) -> None:
        self._pumps: dict[str, _Pump] = {}
        self._holding: dict[int, _OpenEntry] = {}
        self._dormant: dict[int, _OpenEntry] = {}
        self._abandoned: Bounded[tuple[str, str], None] = Bounded(MAX_ABANDONED)
        self._closed: Bounded[tuple[str, str], int] = Bounded(MAX_CLOSED)
        self._now_ms = 0

    def __len__(self) -> int:
        return len(self._holding) + len(self._dormant)

    def add(self, event: KeystrokeEvent, offset: int) -> DoseEntry | None:
        """Take one event in; the whole entry if this event commits it, else None.

        Raises EventRefused: `schema` for a quantity too small to be one, `duplicate` for an event id that the entry
        already has, or for an entry that was committed before, `late` for a key of an abandoned entry. A record read
        again (its offset is not above the entry's last) changes nothing.
        """
        _refuse_too_small(event)
        pump = self._pumps.get(event.pump)
        known = None if pump is None else pump.open.get(event.entry)
        if known is None and self._is_replay(event, offset):
            return None
        at_ms = ms(event.at)
        if pump is None:
            pump = self._first_heard(event.pump, at_ms)
        self._now_ms = max(self._now_ms, at_ms + pump.lag_ms)
        if pump.open and self._abandon_stale(pump, at_ms):
            known = pump.open.get(event.entry)
        if known is None:
            self._refuse_abandoned(event)
            if event.commit is not None:
                self._closed.put((event.pump, event.entry), offset)
                return _complete(event, event.commit, *_pressed(event, at_ms))
            known = self._open(pump, event, offset, at_ms)
        elif offset <= known.last_offset:
            return None
        known.take(event, offset, at_ms)
        if event.commit is not None:
            self._forget(pump, known)
            self._closed.put((event.pump, event.entry), offset)
            return _complete(event, event.commit, *_in_order(known.keys, known.holds))
        known.last_ms = max(known.last_ms, at_ms)
        known.touched_ms = self._now_ms
        return None

    def closed(self, pump: str, entry: str, offset: int) -> None:
        """Take over from before a restart that the record at `offset` committed an entry, or came after it."""
        self._closed.put((pump, entry), offset)

    def was_closed(self, pump: str, entry: str) -> bool:
        """Was this entry committed, as far as is remembered?"""
        return (pump, entry) in self._closed

    def hold(self) -> int | None:
        """Offset of the first record of the oldest open entry that had a key in the last ten minutes."""
        oldest_ms = self._now_ms - ABANDONED_AFTER_MS
        dormant = []
        held = None
        for offset, known in self._holding.items():
            if known.touched_ms >= oldest_ms:
                held = offset
                break
            dormant.append(offset)
        for offset in dormant:
            self._dormant[offset] = self._holding.pop(offset)
        return held

    def _first_heard(self, name: str, at_ms: int) -> _Pump:
        if len(self._pumps) >= MAX_PUMPS:
            idle = next((name for name, pump in self._pumps.items() if not pump.open), None)
            if idle is not None:
                del self._pumps[idle]
        # A pump first heard a little ahead shows that time has passed; one far ahead, or behind, has a wrong clock or
        # a slow network, and from then on its own progress counts.
        if not self._pumps:
            self._now_ms = at_ms
        ahead_ms = at_ms - self._now_ms
        pump = self._pumps[name] = _Pump(0 if 0 <= ahead_ms <= BELIEVED_AHEAD_MS else -ahead_ms)
        return pump

    def _is_replay(self, event: KeystrokeEvent, offset: int) -> bool:
        """Is this a record read again of an entry that was committed? Raises EventRefused if it came after that."""
        closed_by = self._closed.get((event.pump, event.entry))
        if closed_by is not None and offset > closed_by:
            raise EventRefused(
                "duplicate", f"field `entry`: `{event.entry}` of this pump was committed before this event"
            )
        return closed_by is not None

    def _refuse_abandoned(self, event: KeystrokeEvent) -> None:
        if (event.pump, event.entry) in self._abandoned:
            raise EventRefused(
                "late", f"field `entry`: `{event.entry}` had no key for ten minutes and was closed as abandoned"
            )

    def _open(self, pump: _Pump, event: KeystrokeEvent, offset: int, at_ms: int) -> _OpenEntry:
        known = _OpenEntry(event.entry, event.pump, offset, at_ms, self._now_ms)
        pump.open[event.entry] = self._holding[offset] = known
        if len(self) > MAX_OPEN:
            oldest = next(iter((self._dormant or self._holding).values()))
            self._abandon(self._pumps[oldest.pump], oldest)
        return known

    def _abandon_stale(self, pump: _Pump, at_ms: int) -> bool:
        stale = [known for known in pump.open.values() if at_ms - known.last_ms > ABANDONED_AFTER_MS]
        for known in stale:
            self._abandon(pump, known)
        return bool(stale)

    def _abandon(self, pump: _Pump, known: _OpenEntry) -> None:
        self._forget(pump, known)
        self._abandoned.put((known.pump, known.name), None)

    def _forget(self, pump: _Pump, known: _OpenEntry) -> None:
        del pump.open[known.name]
        if self._holding.pop(known.first_offset, None) is None:
            self._dormant.pop(known.first_offset, None)


def _pressed(event: KeystrokeEvent, at_ms: int) -> tuple[list[tuple[int, str]], list[int | None]]:
    """The keys of an event as (ms of the pump's clock, key), and how long each was held."""
    return [(at_ms + key.t, key.k) for key in event.keys], [key.hold for key in event.keys]


def _in_order(keys: list[tuple[int, str]], holds: list[int | None]) -> tuple[list[tuple[int, str]], list[int | None]]:
    """Keys by time, as events may arrive out of order; of the same millisecond as they came."""
    times = [at for at, _ in keys]
    if times == sorted(times):
        return keys, holds
    order = sorted(range(len(keys)), key=times.__getitem__)
    return [keys[one] for one in order], [holds[one] for one in order]


def _complete(last: KeystrokeEvent, commit: Commit, keys: list[tuple[int, str]], holds: list[int | None]) -> DoseEntry:
    at = last.at
    if last.keys:
        pressed_ms = max([key.t for key in last.keys])
        if pressed_ms:
            at += timedelta(milliseconds=pressed_ms)
    return DoseEntry(last, commit, keys, at, tuple(holds) if any(holds) else ())


def _refuse_too_small(event: KeystrokeEvent) -> None:
    committed = None if event.commit is None else event.commit.value
    for name, value in (
        ("commit.value", committed),
        ("previous", event.previous),
        ("concentration", event.concentration),
    ):
        if value and value < SMALLEST:
            raise EventRefused("schema", f"field `{name}`: {value:g} is less than any pump can take; send 0 or null")

"""The last few minutes of one pump as one `bytes`: its highest seq, then its observations by event time.

Bytes and not a list of numbers, because a million pumps have one each: a list takes five times the memory.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from schemas.codec import EventRefused
from streams.power.observation import AT_SHIFT, is_active

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.events import PowerEvent

SEQ = Struct("<Q")  # also reads the observation of an entry
ENTRY = Struct("<QQ")  # observation, hash of the event's id
SEQ_UNKNOWN = 2**64 - 1
# A window covers the lateness of any pump that reports every few seconds; a faster one has less time to be late.
MOST_BYTES = SEQ.size + 64 * ENTRY.size


def opened(event: PowerEvent, observation: int) -> bytes:
    """The window of a pump with its first event."""
    # 64 bits of hash: two ids of one pump in the same minutes collide once in 10^17 events.
    return SEQ.pack(event.seq) + ENTRY.pack(observation, hash(event.id) & SEQ_UNKNOWN)


def remembered(observation: int) -> bytes:
    """The window of a pump of which only its last revision is known."""
    return SEQ.pack(SEQ_UNKNOWN) + ENTRY.pack(observation, 0)


def placed(window: bytes, event: PowerEvent, observation: int, horizon: int) -> bytes:
    """The window with one more event, and, if it is the newest, without what is older than `horizon` (ms; 0: keep all).

    Raises EventRefused if the window holds the event already.
    """
    entry = ENTRY.pack(observation, hash(event.id) & SEQ_UNKNOWN)
    if entry[8:] in window:
        raise EventRefused("duplicate", f"field `id`: this event of pump {event.pump} came before; send it once")
    head = window[: SEQ.size]
    (seq,) = SEQ.unpack(head)
    if seq < event.seq or seq == SEQ_UNKNOWN:
        head = SEQ.pack(event.seq)
    size = len(window)
    if observation > SEQ.unpack_from(window, size - ENTRY.size)[0]:
        oldest = horizon << AT_SHIFT
        place = SEQ.size if size < MOST_BYTES or not horizon else SEQ.size + ENTRY.size
        while place < size and SEQ.unpack_from(window, place)[0] < oldest:
            place += ENTRY.size
        return head + window[place:] + entry
    if size >= MOST_BYTES and observation < first(window):
        raise EventRefused("late", f"field `at`: more than 60 newer events of pump {event.pump} came before")
    place = SEQ.size
    while SEQ.unpack_from(window, place)[0] <= observation:
        place += ENTRY.size
    start = SEQ.size if size < MOST_BYTES or not horizon else SEQ.size + ENTRY.size
    return head + window[start:place] + entry + window[place:]


def trimmed(window: bytes, horizon: int) -> bytes:
    """The window without what is older than `horizon` (ms), and not longer than it may be."""
    place = max(SEQ.size, len(window) - MOST_BYTES + SEQ.size)
    while ENTRY.unpack_from(window, place)[0] >> AT_SHIFT < horizon:
        place += ENTRY.size
    return window if place == SEQ.size else window[: SEQ.size] + window[place:]


def highest_seq(window: bytes) -> int:
    """The highest seq heard, or SEQ_UNKNOWN."""
    return int(SEQ.unpack_from(window)[0])


def first(window: bytes) -> int:
    """The oldest observation."""
    return int(SEQ.unpack_from(window, SEQ.size)[0])


def newest(window: bytes) -> int:
    """The newest observation."""
    return int(SEQ.unpack_from(window, len(window) - ENTRY.size)[0])


def observations(window: bytes) -> Iterator[int]:
    """The observations in order of event time."""
    for observation, _ in ENTRY.iter_unpack(memoryview(window)[SEQ.size :]):
        yield observation


def first_active(window: bytes) -> int:
    """The first observation of infusing on battery, or 0."""
    return next((observation for observation in observations(window) if is_active(observation)), 0)

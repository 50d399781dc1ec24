"""The last few minutes of one pump: its observations by event time, as one `bytes`.

Bytes and not a list of numbers, because a million pumps have one each: a list takes ten times the memory.
"""

from __future__ import annotations

from struct import unpack

from schemas.codec import EventRefused
from streams.power.observation import AT_SHIFT, SIZE, is_active

# A window covers the lateness of any pump that reports every few seconds; a faster one has less time to be late.
MOST_BYTES = 64 * SIZE


def placed(window: bytes, observation: int, pump: str) -> bytes:
    """The window with one more observation.

    Raises EventRefused if the window holds the event already, or is full of newer ones.
    """
    entry = observation.to_bytes(SIZE, "big")
    place = len(window)
    while place and window[place - SIZE : place] >= entry:
        place -= SIZE
        if window[place : place + SIZE] == entry:
            raise EventRefused("duplicate", f"field `id`: this event of pump {pump} came before; send it once")
    if not place and len(window) >= MOST_BYTES:
        raise EventRefused("late", f"field `at`: more than 60 newer events of pump {pump} came before")
    return window[:place] + entry + window[place:]


def trimmed(window: bytes, horizon: int) -> bytes:
    """The window without what is older than `horizon` (ms), and not longer than it may be."""
    oldest = (max(horizon, 0) << AT_SHIFT).to_bytes(SIZE, "big")
    place, size = max(0, len(window) - MOST_BYTES), len(window)
    while place < size and window[place : place + SIZE] < oldest:
        place += SIZE
    return window[place:]


def newest(window: bytes) -> int:
    """The newest observation."""
    return int.from_bytes(window[-SIZE:], "big")


def observations(window: bytes) -> tuple[int, ...]:
    """The observations in order of event time."""
    return unpack(f">{len(window) // SIZE}Q", window)


def first_active(window: bytes) -> int:
    """The first observation of infusing on battery, or 0."""
    return next((observation for observation in observations(window) if is_active(observation)), 0)

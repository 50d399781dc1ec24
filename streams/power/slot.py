"""All that is kept of one pump, as one `bytes`: a million pumps have one each.

    what follows (1 byte) · a late seq (8) · since when it runs as it does (4) · its battery · its episode · its window

The battery and the episode are there only where there is one.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from streams.power.battery import Battery

OPEN, KNOWN = 1, 2  # an episode is open; something is known of the battery
SEQ_UNKNOWN = 2**64 - 1
HEAD = Struct("<BQI")
# Where the window of a pump without an open episode begins, by the first byte.
REST = {0: HEAD.size, KNOWN: HEAD.size + Battery.form.size}
_LENGTH = Struct("<H")
# And where an open episode begins.
EPISODE = {OPEN: REST[0] + _LENGTH.size, OPEN | KNOWN: REST[KNOWN] + _LENGTH.size}


def highest_seq(seq: int, newest: int) -> int:
    """The highest seq heard: `seq` some events ago, and since then as the newest observation tells modulo 32."""
    return seq if seq == SEQ_UNKNOWN else seq + ((newest >> 16) - seq & 31)


class Slot(NamedTuple):
    """The parts; `battery` and `episode` are empty where there is none.

    `since_s` (s since 1970) is from when on the minutes of infusing are not yet added up.
    """

    seq: int
    since_s: int
    battery: bytes
    episode: bytes
    window: bytes

    def packed(self) -> bytes:
        """One `bytes` of all parts."""
        flags = (OPEN if self.episode else 0) | (KNOWN if self.battery else 0)
        parts = [HEAD.pack(flags, self.seq, self.since_s), self.battery]
        if self.episode:
            parts += [_LENGTH.pack(len(self.episode)), self.episode]
        return b"".join((*parts, self.window))


def parted(packed: bytes) -> Slot:
    """The parts of a slot."""
    flags, seq, since_s = HEAD.unpack_from(packed)
    place = HEAD.size
    battery = episode = b""
    if flags & KNOWN:
        battery = packed[place : place + Battery.form.size]
        place += Battery.form.size
    if flags & OPEN:
        (length,) = _LENGTH.unpack_from(packed, place)
        place += _LENGTH.size
        episode = packed[place : place + length]
        place += length
    return Slot(seq, since_s, battery, episode, packed[place:])

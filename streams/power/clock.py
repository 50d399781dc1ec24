"""What time it is on the pumps of a partition, whatever one of them believes."""

from __future__ import annotations

_HEARD = 9
# Of the last nine times the third: seven of nine must be ahead to move the clock ahead, and two may be days behind.
_PICKED = 2


class FleetClock:
    """The event time that most pumps have reached, in ms since 1970; it never goes back.

    A pump whose own clock is a day ahead must not make all others look silent. The clock ticks with every ninth
    event; `before` is what it was one tick ago: whoever spoke since then spoke at `before` or later.
    """

    __slots__ = ("_heard", "before", "now")

    def __init__(self) -> None:
        self.now = self.before = 0
        self._heard: list[int] = []

    def hear(self, at: int) -> bool:
        """Take an event's time; True if the clock was looked at."""
        heard = self._heard
        heard.append(at)
        if len(heard) < _HEARD:
            return False
        heard.sort()
        self.before, self.now = self.now, max(self.now, heard[_PICKED])
        heard.clear()
        return True

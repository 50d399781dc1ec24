"""What time it is on the pumps of a partition, whatever one of them believes."""

from __future__ import annotations

_HEARD = 9
# Of the last nine times the third: seven of nine must be ahead to move the clock ahead, and two may be days behind.
_PICKED = 2
LEAP_S = 10  # the clock of few pumps, or after an hour in which none was heard, goes on in leaps
_LEAPS = 64


class FleetClock:
    """The event time that most pumps have reached, in ms since 1970; it never goes back.

    A pump whose own clock is a day ahead must not make all others look silent. The clock ticks with every ninth
    event; `before` is what it was one tick ago: whoever spoke since then spoke at `before` or later.
    """

    __slots__ = ("_earlier", "_heard", "_leaps", "before", "now")

    def __init__(self) -> None:
        self.now = self.before = self._earlier = 0
        self._heard: list[int] = []
        self._leaps: dict[int, int] = {}

    def hear(self, at: int) -> bool:
        """Take an event's time; True if the clock was looked at."""
        heard = self._heard
        heard.append(at)
        if len(heard) < _HEARD:
            return False
        heard.sort()
        self._earlier, self.before, self.now = self.before, self.now, max(self.now, heard[_PICKED])
        heard.clear()
        self._leapt(self._earlier)
        self._leapt(self.before)
        return True

    def latest(self, heard_s: int) -> int:
        """When (s) an event may have been at the latest that came while the clock stood at `heard_s`.

        That is what the clock shows two ticks later: the next may still take most of its times from before.
        """
        return self._leaps.get(heard_s, heard_s)

    def _leapt(self, since: int) -> None:
        if self.now - since > LEAP_S * 1000:
            self._leaps[since // 1000] = self.now // 1000
            if len(self._leaps) > _LEAPS:
                del self._leaps[next(iter(self._leaps))]

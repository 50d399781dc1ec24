"""How often something may be asked for."""

from __future__ import annotations


class Pace:
    """A bucket of requests that fills again with time."""

    def __init__(self, per_second: float, at_once: float) -> None:
        self._per_second = per_second
        self._at_once = at_once
        self._left = at_once
        self._at: float | None = None

    def take(self, at: float) -> float:
        """Take one at a monotonic time and return 0, or the seconds until there is one."""
        since = 0.0 if self._at is None else at - self._at
        self._left = min(self._at_once, self._left + since * self._per_second)
        self._at = at
        if self._left < 1:
            return (1 - self._left) / self._per_second
        self._left -= 1
        return 0.0

"""When a log's rows happen on the pumps' clocks, and when on ours."""

from __future__ import annotations

import itertools
from time import monotonic, sleep, time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DAY_MS = 86_400_000
# Events may be 35 days behind their record's timestamp and 24 h ahead of it (schemas.codec); a day and an hour of that
# are left for brokers that are away.
MOST_BEHIND_MS = 34 * DAY_MS
MOST_AHEAD_MS = 23 * 3_600_000
_NAP_S = 0.2


class Shortened(NamedTuple):
    """Times whose longest gaps were cut to `cap_ms`; `gaps` of them, `cut_ms` in all."""

    times: list[int]
    gaps: int
    cut_ms: int
    cap_ms: int


def shorten(times: Sequence[int], most_ms: int) -> Shortened:
    """Times in ascending order, moved together until they span at most `most_ms`.

    Only the longest gaps shrink, all of them to one length; the order stays.
    """
    gaps = [after - before for before, after in itertools.pairwise(times)]
    over = sum(gaps) - most_ms
    if over <= 0:
        return Shortened(list(times), 0, 0, max(gaps, default=0))
    longest = sorted(gaps, reverse=True)
    kept, cap = sum(gaps), longest[0]
    for number, gap in enumerate(longest, 1):
        kept -= gap
        cap = max((most_ms - kept) // number, 0)
        if number == len(longest) or cap >= longest[number]:
            break
    out = [times[0]]
    for gap in gaps:
        out.append(out[-1] + min(gap, cap))
    return Shortened(out, sum(gap > cap for gap in gaps), sum(max(gap - cap, 0) for gap in gaps), cap)


def start_for(length_ms: int, speed: float, now_ms: int) -> int:
    """When the pumps' clocks begin so that a log of this length ends at the present, played from now on.

    `speed` 0 is as fast as possible. At speed 1 that is now; at any other it lies in the past.
    """
    return now_ms - length_ms + (round(length_ms / speed) if speed else 0)


class Pace:
    """Holds events back until their time has come, `speed` times as fast as on the pumps' clocks; 0: never.

    Once the pumps' clocks have caught up with ours they go on in step with it, told once through `on_caught_up`.
    """

    def __init__(self, start_ms: int, speed: float, *, on_caught_up: Callable[[], None] | None = None) -> None:
        self._start_ms = start_ms
        self._speed = speed
        self._began = monotonic()
        self._caught_up = on_caught_up

    def wait(self, at_ms: int, idle: Callable[[float], None] = sleep, deadline: float | None = None) -> bool:
        """Return when an event of this time is due, or at the deadline (of `time.monotonic`), if that comes first.

        Meanwhile `idle` is called with the seconds it may take. True if there was anything to wait for.
        """
        if not self._speed:
            return False
        due = self._began + (at_ms - self._start_ms) / 1000 / self._speed
        if deadline is not None and due > deadline:
            due = deadline
        waited = False
        while (left := due - monotonic()) > 0:
            waited = True
            idle(min(left, _NAP_S))
        if waited and self._speed != 1 and at_ms >= time() * 1000:
            self._start_ms, self._speed, self._began = at_ms, 1.0, monotonic()
            if self._caught_up:
                self._caught_up()
        return waited

"""The course of an infusion: what was entered before on a channel and field, and what that makes likely next.

In the public logs 27% of changes go back to the last other value, 15% to another of the last six, and 13% repeat the
step just made (docs/evaluation.md); so the values of the last few changes say more than the last one alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from streams.intent.bounded import Bounded

if TYPE_CHECKING:
    from schemas.events import DoseScore
    from streams.intent.entries import DoseEntry

KEPT = 6
"""Values kept of a course."""
REMEMBERED = 65_536
"""Courses kept in a partition, about 0.4 KB each."""

Place = tuple[str, int, str]
Values = tuple[float, ...]


class Next(NamedTuple):
    """Values that the course points to: the one before the previous, earlier ones, and the same step once more."""

    back: float | None = None
    earlier: Values = ()
    step: float | None = None


class _Course(NamedTuple):
    drug: str
    unit: str
    values: Values


class Courses:
    """The courses of one partition; bounded, the one entered longest ago is forgotten first."""

    def __init__(self) -> None:
        self._courses: Bounded[Place, _Course] = Bounded(REMEMBERED)

    def of(self, entry: DoseEntry) -> Values:
        """Values entered before of the same drug and unit on this pump, channel and field, the latest last."""
        event = entry.event
        known = self._courses.get((event.pump, event.channel, event.field))
        if known is None or known.drug != event.drug or known.unit != event.unit:
            return ()
        return known.values

    def observe(self, score: DoseScore, *, corrected: bool) -> None:
        """Take in a committed entry, oldest first; `corrected` says that it put the one before it right."""
        if score.action == "cancel" or score.revision != 1:
            return
        place = (score.pump, score.channel, score.field)
        known = self._courses.get(place)
        values: Values = () if not score.previous else (score.previous,)
        if known is not None and known.drug == score.drug and known.unit == score.unit and score.previous is not None:
            values = known.values[:-1] if corrected else known.values
        self._courses.put(place, _Course(score.drug, score.unit, (*values, score.typed)[-KEPT:]))


def next_of(previous: float, course: Values) -> Next:
    """What a course makes likely after `previous`, which may or may not be its last value."""
    before = course[:-1] if course and course[-1] == previous else course
    if not before:
        return _NOTHING
    others = [value for value in dict.fromkeys(reversed(before)) if value and value != previous]
    stepped = float(f"{2 * previous - before[-1]:.6g}")
    return Next(
        others[0] if others else None,
        tuple(others[1:]),
        stepped if stepped > 0 and stepped != previous else None,
    )


_NOTHING = Next()

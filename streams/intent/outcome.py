"""What became of a flagged entry: corrected, or stood.

Within 30 minutes (the window of the product's definition of a confirmed catch) an entry on the same pump, channel
and field that goes to a value the model named, or well away from what was typed, corrects it. A small change is
titration: what was typed was meant, so the flag stood. After 30 minutes any entry there says that it stood.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from streams.intent.bounded import Bounded

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.events import DoseScore, Meant, Resolution
    from streams.intent.entries import DoseEntry

WINDOW_S = 1800.0
SAME_VALUE = 0.02
"""Values within 2% are the same: a nurse rounds what she restores (judgement)."""
SMALL_CHANGE = 1.5
"""Changes below a factor of 1.5 are titration: p5 and p95 of real changes are 0.45 and 2.0, most lie within."""
REMEMBERED = 65_536
"""Last entries kept in a partition, about 0.4 KB each: more than a million pumps make in 30 minutes, in twelfths."""
AWAITED = 8_192
"""Flagged entries kept in a partition until their outcome, about 2 KB each."""

Place = tuple[str, int, str]


class Recent(NamedTuple):
    """The last entry of a pump, channel and field; what the model meant is kept only where it was flagged."""

    at: datetime
    drug: str
    unit: str
    previous: float | None
    error_likelihood: float
    meant: tuple[Meant, ...]


class Outcomes:
    """The last entry of each pump, channel and field, and the flagged ones whose outcome is still awaited."""

    def __init__(self) -> None:
        self._last: Bounded[Place, Recent] = Bounded(REMEMBERED)
        self._awaited: Bounded[Place, DoseScore] = Bounded(AWAITED)

    def recent(self, entry: DoseEntry) -> Recent | None:
        """The entry before this one on the same pump, channel and field, if it is at most 30 minutes old."""
        event = entry.event
        last = self._last.get((event.pump, event.channel, event.field))
        if last is None or last.drug != event.drug or last.unit != event.unit:
            return None
        age_s = (entry.at - last.at).total_seconds()
        return last if 0 <= age_s <= WINDOW_S else None

    def settle(self, score: DoseScore) -> DoseScore | None:
        """Remember a score just made; the next revision of the flagged entry before it, if this one decides it."""
        if score.action == "cancel":
            return None
        place = (score.pump, score.channel, score.field)
        awaited = self._awaited.pop(place)
        self._remember(place, score)
        return None if awaited is None else _resolved(awaited, score)

    def restore(self, score: DoseScore) -> None:
        """Take a published score in, in the order of the topic."""
        if score.action == "cancel":
            return
        place = (score.pump, score.channel, score.field)
        if score.revision == 1:
            self._awaited.pop(place)
            self._remember(place, score)
            return
        awaited = self._awaited.get(place)
        if awaited is not None and awaited.entry == score.entry:
            self._awaited.pop(place)

    def _remember(self, place: Place, score: DoseScore) -> None:
        flagged = score.verdict != "ok"
        meant = tuple(score.meant) if flagged else ()
        self._last.put(place, Recent(score.at, score.drug, score.unit, score.previous, score.error_likelihood, meant))
        if flagged:
            self._awaited.put(place, score)


def _resolved(flagged: DoseScore, later: DoseScore) -> DoseScore | None:
    after_s = (later.at - flagged.at).total_seconds()
    if after_s < 0:
        return None
    if (later.drug, later.unit) != (flagged.drug, flagged.unit):
        # Another drug or unit on the channel says nothing about the number, unless the first one had its time.
        return _revised(flagged, "stood", after_s) if after_s > WINDOW_S else None
    return _revised(flagged, "stood" if after_s > WINDOW_S else _within_window(flagged, later.typed), after_s)


def _within_window(flagged: DoseScore, value: float) -> Resolution:
    if any(_same(value, meant.value) for meant in flagged.meant):
        return "corrected"
    low, high = sorted((value, flagged.typed))
    return "stood" if high <= SMALL_CHANGE * low else "corrected"


def _same(value: float, other: float) -> bool:
    return abs(value - other) <= SAME_VALUE * other


def _revised(flagged: DoseScore, resolution: Resolution, after_s: float) -> DoseScore:
    revision = flagged.revision + 1
    return msgspec.structs.replace(
        flagged,
        id=f"{flagged.pump}/{flagged.entry}/{revision}",
        revision=revision,
        resolution=resolution,
        resolved_after_s=after_s,
    )

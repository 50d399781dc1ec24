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
    from streams.intent.entries import DoseEntry

from schemas.events import DoseScore, Resolution

WINDOW_S = 1800.0
SAME_VALUE = 0.02
"""Values within 2% are the same: a nurse rounds what she restores (judgement)."""
SMALL_CHANGE = 1.5
"""Changes below a factor of 1.5 are titration: p5 and p95 of real changes are 0.45 and 2.0, most lie within."""
REMEMBERED = 200_000


class Recent(NamedTuple):
    """The last entry on the same pump, channel and field, if it is at most 30 minutes old."""

    score: DoseScore
    followed: bool


class Outcomes:
    """The last entry of each pump, channel and field, and whether its outcome is still awaited."""

    def __init__(self) -> None:
        self._last: Bounded[tuple[str, int, str], Recent] = Bounded(REMEMBERED)

    def recent(self, entry: DoseEntry) -> DoseScore | None:
        """The score of the entry before this one on the same pump, channel and field, within the window."""
        event = entry.event
        last = self._last.get((event.pump, event.channel, event.field))
        if last is None or last.score.drug != event.drug or last.score.unit != event.unit:
            return None
        age_s = (entry.at - last.score.at).total_seconds()
        return last.score if 0 <= age_s <= WINDOW_S else None

    def settle(self, score: DoseScore) -> DoseScore | None:
        """Remember a score just made; the next revision of the entry before it, if this one decides it."""
        if score.action == "cancel":
            return None
        place = (score.pump, score.channel, score.field)
        last = self._last.get(place)
        self._last.put(place, Recent(score, score.verdict != "ok"))
        if last is None or not last.followed:
            return None
        return _resolved(last.score, score)

    def restore(self, score: DoseScore) -> None:
        """Take a published score in, in the order of the topic."""
        if score.action == "cancel":
            return
        place = (score.pump, score.channel, score.field)
        if score.revision == 1:
            self._last.put(place, Recent(score, score.verdict != "ok"))
            return
        last = self._last.get(place)
        if last is None or last.score.entry == score.entry:
            self._last.put(place, Recent(score, followed=False))


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

"""What became of an entry: it stood, it was corrected, or nobody can say.

The next entry on the same pump, channel and field decides. Within 30 minutes (the window of the product's definition
of a confirmed catch) one that goes to a value the model named corrects it; a small change is titration, so what was
typed was meant and stood; going back to the value before it corrects it too. Any other large change within 30 minutes
corrects an entry that was flagged, and says nothing of one that was not. After 30 minutes any entry says that it stood.

A cancelled entry neither decides nor is decided: the pump never ran at its value.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from streams.intent.bounded import Bounded

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.events import DoseScore, Meant, Resolution, Slip
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
    """The last entry of a pump, channel and field, with the values that the model named for it."""

    at: datetime
    drug: str
    unit: str
    previous: float | None
    error_likelihood: float
    meant: tuple[Meant, ...]
    hospital: str
    care_area: str
    typed: float
    test: bool


class Outcome(NamedTuple):
    """How an entry ended, decided by the next one; `slip` is the one that a correction confirmed."""

    pump: str
    field: str
    entry: Recent
    ended: Resolution
    slip: Slip | None


class Settled(NamedTuple):
    """What an entry says of the one before it: a flagged one's next revision, and any one's outcome."""

    revision: DoseScore | None = None
    outcome: Outcome | None = None


NOTHING = Settled()


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

    def settle(self, score: DoseScore) -> Settled:
        """Remember a score just made, and say what it decides of the entry before it."""
        if score.action == "cancel":
            return NOTHING
        place = (score.pump, score.channel, score.field)
        last = self._last.get(place)
        flagged = self._awaited.pop(place)
        self._remember(place, score)
        return NOTHING if last is None else _settled(last, flagged, score)

    def restore(self, score: DoseScore) -> Outcome | None:
        """Take a published score in, in the order of the topic; what its first revision decided."""
        if score.revision == 1:
            return self.settle(score).outcome
        place = (score.pump, score.channel, score.field)
        awaited = self._awaited.get(place)
        if awaited is not None and awaited.entry == score.entry:
            self._awaited.pop(place)
        return None

    def _remember(self, place: Place, score: DoseScore) -> None:
        # Names come anew with every event; thousands of entries share few of them.
        recent = Recent(
            score.at, intern(score.drug), intern(score.unit), score.previous, score.error_likelihood,
            tuple(score.meant), intern(score.hospital), intern(score.care_area), score.typed, score.test,
        )  # fmt: skip
        self._last.put(place, recent)
        if score.verdict != "ok":
            self._awaited.put(place, score)


def _settled(last: Recent, flagged: DoseScore | None, later: DoseScore) -> Settled:
    after_s = (later.at - last.at).total_seconds()
    if after_s < 0:
        return NOTHING
    named = _named(last.meant, later.typed) if last.meant and later.typed != last.typed else None
    ended: Resolution
    if after_s > WINDOW_S:
        ended, named = "stood", None
    elif (later.drug, later.unit) != (last.drug, last.unit):
        return NOTHING  # another drug or unit on the channel says nothing about the number
    elif named is not None:
        ended = "corrected"
    else:
        low, high = sorted((later.typed, last.typed))
        if high <= SMALL_CHANGE * low:
            ended = "stood"
        elif flagged is not None or (last.previous is not None and _same(later.typed, last.previous)):
            ended = "corrected"
        else:
            return NOTHING
    revision = None
    if flagged is not None:
        to = later.typed if ended == "corrected" else None
        revision = _revised(flagged, ended, after_s, to, caught=named is not None)
    return Settled(revision, Outcome(later.pump, later.field, last, ended, named.slip if named else None))


def _named(meant: tuple[Meant, ...], value: float) -> Meant | None:
    return next((one for one in meant if _same(value, one.value)), None)


def _same(value: float, other: float) -> bool:
    return abs(value - other) <= SAME_VALUE * other


def _revised(
    flagged: DoseScore, resolution: Resolution, after_s: float, corrected_to: float | None, *, caught: bool
) -> DoseScore:
    revision = flagged.revision + 1
    return msgspec.structs.replace(
        flagged,
        id=f"{flagged.pump}/{flagged.entry}/{revision}",
        revision=revision,
        resolution=resolution,
        resolved_after_s=after_s,
        corrected_to=corrected_to,
        caught=caught,
    )

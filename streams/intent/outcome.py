"""What became of an entry: it stood, it was corrected, or nobody can say.

The next entry on the same pump, channel and field decides. Within 30 minutes (the window of the product's definition
of a confirmed catch) one that goes to a value the model named corrects it; a small change is titration, so what was
typed was meant and stood; going back to the value before it corrects it too. Any other large change within 30 minutes
corrects an entry that was flagged, and says nothing of one that was not. After 30 minutes any entry says that it stood,
and of entries that were not flagged so does one on another channel or field of the pump.

A cancelled entry neither decides nor is decided: the pump never ran at its value.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from streams.intent.bounded import Bounded

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.events import DoseScore, Meant, Resolution, Slip
    from streams.intent.entries import DoseEntry

WINDOW = timedelta(minutes=30)
SAME_VALUE = 0.02
"""Values within 2% are the same: a nurse rounds what she restores (judgement)."""
SMALL_CHANGE = 1.5
"""Changes below a factor of 1.5 are titration: p5 and p95 of real changes are 0.45 and 2.0, most lie within."""
REMEMBERED = 65_536
"""Last entries kept in a partition, about 0.9 KB each: more than a million pumps make in 30 minutes, in twelfths."""
AWAITED = 8_192
"""Flagged entries kept in a partition until their outcome, about 3 KB each with their keys."""

Place = tuple[str, int, str]


class Recent(Struct, frozen=True, gc=False):
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


class Outcome(Struct, frozen=True, gc=False):
    """How an entry ended, decided by the next one; `slip` is the one that a correction confirmed."""

    pump: str
    field: str
    entry: Recent
    ended: Resolution
    slip: Slip | None


Settled = tuple["DoseScore | None", "list[Outcome]"]
"""What an entry says of those before it on its pump: the next revision of a flagged one, and their outcomes."""
_AT_ONCE = timedelta(0)


class Outcomes:
    """The last entry of each pump, channel and field, and the flagged ones whose outcome is still awaited."""

    def __init__(self) -> None:
        self._last: Bounded[Place, Recent] = Bounded(REMEMBERED)
        self._awaited: Bounded[Place, DoseScore] = Bounded(AWAITED)
        self._undecided: Bounded[str, dict[Place, Recent]] = Bounded(REMEMBERED)

    def recent(self, entry: DoseEntry) -> Recent | None:
        """The entry before this one on the same pump, channel and field, if it is at most 30 minutes old."""
        event = entry.event
        last = self._last.get((event.pump, event.channel, event.field))
        if last is None or last.drug != event.drug or last.unit != event.unit:
            return None
        return last if _AT_ONCE <= entry.at - last.at <= WINDOW else None

    def settle(self, score: DoseScore) -> Settled:
        """Remember a score just made, and say what it decides of entries before it."""
        if score.action == "cancel":
            return None, []
        place = (score.pump, score.channel, score.field)
        last = self._last.get(place)
        flagged = self._awaited.pop(place)
        undecided = self._undecided.get(score.pump)
        if undecided is None:
            undecided = {}
            self._undecided.put(score.pump, undecided)
        revision, outcome = (None, None) if last is None else _settled(last, flagged, score)
        outcomes = [outcome] if outcome is not None and undecided.pop(place, None) is not None else []
        if undecided:
            outcomes += _had_their_time(undecided, score)
        undecided[place] = self._remember(place, score)
        return revision, outcomes

    def restore(self, score: DoseScore) -> list[Outcome]:
        """Take a published score in, in the order of the topic; what its first revision decided."""
        if score.revision == 1:
            return self.settle(score)[1]
        place = (score.pump, score.channel, score.field)
        awaited = self._awaited.get(place)
        if awaited is not None and awaited.entry == score.entry:
            self._awaited.pop(place)
        return []

    def _remember(self, place: Place, score: DoseScore) -> Recent:
        recent = Recent(
            score.at, score.drug, score.unit, score.previous, score.error_likelihood, tuple(score.meant),
            score.hospital, score.care_area, score.typed, score.test,
        )  # fmt: skip
        self._last.put(place, recent)
        if score.verdict != "ok":
            self._awaited.put(place, score)
        return recent


def _had_their_time(undecided: dict[Place, Recent], later: DoseScore) -> list[Outcome]:
    """Entries in other fields and channels that stood, as their pump went on for 30 minutes without touching them."""
    stood = [(place, one) for place, one in undecided.items() if later.at - one.at > WINDOW]
    for place, _ in stood:
        del undecided[place]
    return [Outcome(later.pump, place[2], one, "stood", None) for place, one in stood]


def _settled(last: Recent, flagged: DoseScore | None, later: DoseScore) -> tuple[DoseScore | None, Outcome | None]:
    after = later.at - last.at
    named = None
    ended: Resolution
    if after > WINDOW:
        ended = "stood"
    elif after < _AT_ONCE or later.drug != last.drug or later.unit != last.unit:
        return None, None  # another drug or unit on the channel says nothing about the number
    elif named := _named(last, later.typed):
        ended = "corrected"
    elif _nearly(later.typed, last.typed):
        ended = "stood"
    elif flagged is not None or (last.previous is not None and _same(later.typed, last.previous)):
        ended = "corrected"
    else:
        return None, None
    outcome = Outcome(later.pump, later.field, last, ended, None if named is None else named.slip)
    if flagged is None:
        return None, outcome
    to = later.typed if ended == "corrected" else None
    return _revised(flagged, ended, after.total_seconds(), to, caught=named is not None), outcome


def _nearly(value: float, other: float) -> bool:
    low, high = (value, other) if value < other else (other, value)
    return high <= SMALL_CHANGE * low


def _named(last: Recent, value: float) -> Meant | None:
    if not last.meant or value == last.typed:
        return None
    return next((one for one in last.meant if _same(value, one.value)), None)


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

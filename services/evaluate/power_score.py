"""What was told of a fleet's power beside what really happened: counts with their denominators.

docs/power.md says what each figure means.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, get_args

from msgspec import Struct

from schemas.events import Cause
from services.evaluate.power_truth import SILENCE_MS, SOUND, WORN

if TYPE_CHECKING:
    from services.evaluate.power_told import Episode, Told
    from services.evaluate.power_truth import Ledger, Stretch

MINUTE_MS = 60_000
LONG_MIN = 12.0
AHEAD_MS = 30 * MINUTE_MS
# What allowed a warning 30 minutes ahead: those, and the slowest delivery of a word of the pump.
_POSSIBLE_MS = AHEAD_MS + 185_000
_FALSE_ABOVE_MIN = 90.0  # twice the 45 minutes that the alert speaks of
_EARLY_ABOVE_MIN = 60.0
_LEAST_SCORED_MIN = 2.0
_EVIDENCE_MIN = 30.0
_SILENCE_GRACE_MS = 10 * MINUTE_MS


class Share(Struct, frozen=True):
    """So many of so many."""

    hits: int
    of: int

    @property
    def share(self) -> float | None:
        """0..1, or None of nothing."""
        return self.hits / self.of if self.of else None


class CauseScore(Struct, frozen=True):
    """How one cause was told."""

    precision: Share
    recall: Share


class PowerScore(Struct, frozen=True):
    """All figures of one contender; `empty` is scored apart (power_empty.py)."""

    episodes_found: Share
    episodes_false: Share
    causes: dict[str, CauseScore]
    journeys: dict[str, Share]
    confusion: dict[str, dict[str, int]]
    warned: Share
    warned_at_all: Share
    warned_worn: Share
    warned_sound: Share
    alarms: int
    false_alarms: int
    early_alarms: int
    infusion_hours: float
    worn_found: Share
    worn_found_with_evidence: Share
    worn_found_after_alarm: Share
    sound_named: Share
    silent_found: Share
    silent_false: Share

    @property
    def false_per_1000_h(self) -> float:
        """Alarms of an empty battery that would have lasted long, in 1,000 h of infusing."""
        return 1000 * self.false_alarms / self.infusion_hours if self.infusion_hours else 0.0


def score(ledger: Ledger, told: Told, end_ms: int) -> PowerScore:
    """Hold what was told beside the truth."""
    stretches = ledger.audible()
    by_pump: dict[str, list[Stretch]] = {}
    for stretch in stretches:
        by_pump.setdefault(stretch.pump, []).append(stretch)
    episodes: dict[str, list[Episode]] = {}
    for episode in told.episodes.values():
        episodes.setdefault(episode.pump, []).append(episode)
    long = [stretch for stretch in stretches if stretch.minutes > LONG_MIN]
    claimed = [episode for episode in told.episodes.values() if episode.minutes > LONG_MIN]
    found = sum(_best(stretch, episodes.get(stretch.pump, [])) is not None for stretch in long)
    false = sum(not _covered(episode, by_pump.get(episode.pump, [])) for episode in claimed)
    confusion = _confusion(stretches, episodes, end_ms)
    depletions = [
        one
        for one in ledger.stretches
        if one.depleted and one.depleted - one.start >= _POSSIBLE_MS and _heard(one, ledger)
    ]
    ahead = [one for one in depletions if _standing(told, one.pump, one.depleted - AHEAD_MS)]
    lefts = [left for _, _, left in told.raised if left is not None]
    worn = {pump for pump, health in ledger.health.items() if health < WORN}
    sound = {pump for pump, health in ledger.health.items() if health >= SOUND}
    evident = {pump for pump in worn if pump in ledger.reports or _minutes(by_pump.get(pump, [])) >= _EVIDENCE_MIN}
    silences = [
        one
        for one in ledger.silences
        if one.active and one.end - one.start > SILENCE_MS + _SILENCE_GRACE_MS and one.end < end_ms
    ]
    heard_silent = [
        any(pump == one.pump and one.start < at < one.end + _SILENCE_GRACE_MS for at, pump in told.silent)
        for one in silences
    ]
    silent_true = [
        any(one.pump == pump and one.start < at < one.end + _SILENCE_GRACE_MS for one in ledger.silences)
        for at, pump in told.silent
    ]
    return PowerScore(
        episodes_found=Share(found, len(long)),
        episodes_false=Share(false, len(claimed)),
        causes={cause: _of_cause(confusion, cause) for cause in get_args(Cause) if cause != "unknown"},
        journeys=_journeys(stretches, episodes, end_ms),
        confusion=confusion,
        warned=Share(len(ahead), len(depletions)),
        warned_at_all=Share(sum(_standing(told, one.pump, one.depleted) for one in depletions), len(depletions)),
        warned_worn=_among(ahead, depletions, 0.0, WORN),
        warned_sound=_among(ahead, depletions, SOUND, 2.0),
        alarms=len(told.raised),
        false_alarms=sum(left > _FALSE_ABOVE_MIN for left in lefts),
        early_alarms=sum(left > _EARLY_ABOVE_MIN for left in lefts),
        infusion_hours=ledger.infusing_ms / 3_600_000,
        worn_found=Share(len(worn & told.worn.keys()), len(worn)),
        worn_found_with_evidence=Share(len(evident & told.worn.keys()), len(evident)),
        worn_found_after_alarm=Share(len(worn & ledger.alarmed & told.worn.keys()), len(worn & ledger.alarmed)),
        sound_named=Share(len(sound & told.worn.keys()), len(sound)),
        silent_found=Share(sum(heard_silent), len(silences)),
        silent_false=Share(len(told.silent) - sum(silent_true), len(told.silent)),
    )


def _overlap(stretch: Stretch, episode: Episode) -> int:
    return min(stretch.end, episode.end) - max(stretch.start, episode.start)


def _best(stretch: Stretch, episodes: list[Episode]) -> Episode | None:
    """The episode that covers at least half of a stretch."""
    best = max(episodes, key=lambda episode: _overlap(stretch, episode), default=None)
    if best is None or _overlap(stretch, best) < max((stretch.end - stretch.start) / 2, 1):
        return None
    return best


def _covered(episode: Episode, stretches: list[Stretch]) -> bool:
    """Whether at least half of an episode's minutes were infused on battery."""
    really = sum(max(_overlap(stretch, episode), 0) for stretch in stretches)
    return really >= episode.minutes * MINUTE_MS / 2


def _scored(stretch: Stretch, end_ms: int) -> bool:
    """Whether the cause of a stretch is asked for.

    Not of one that a silence parted, that lasts beyond the end, or whose battery is neither worn nor sound; of
    a habit only over 12 minutes, as a shorter one is nobody's habit; of all but a cord only over two minutes.
    """
    if stretch.parted or stretch.grey or stretch.end > end_ms - 10 * MINUTE_MS:
        return False
    if stretch.cause == "loose_cord":
        return True
    return stretch.minutes > (LONG_MIN if stretch.cause == "practice" else _LEAST_SCORED_MIN)


def _confusion(stretches: list[Stretch], episodes: dict[str, list[Episode]], end_ms: int) -> dict[str, dict[str, int]]:
    """How often each true cause was told as which."""
    table: dict[str, dict[str, int]] = {}
    for stretch in stretches:
        if _scored(stretch, end_ms):
            episode = _best(stretch, episodes.get(stretch.pump, []))
            row = table.setdefault(stretch.cause, {})
            said = episode.cause if episode else "missed"
            row[said] = row.get(said, 0) + 1
    return table


def _of_cause(confusion: dict[str, dict[str, int]], cause: str) -> CauseScore:
    right = confusion.get(cause, {}).get(cause, 0)
    return CauseScore(
        precision=Share(right, sum(row.get(cause, 0) for row in confusion.values())),
        recall=Share(right, sum(confusion.get(cause, {}).values())),
    )


def _journeys(stretches: list[Stretch], episodes: dict[str, list[Episode]], end_ms: int) -> dict[str, Share]:
    """Journeys told as such, where the pump named another place, and where it did not."""
    counts = {"place named": [0, 0], "no place named": [0, 0]}
    for stretch in stretches:
        if stretch.cause == "transport" and _scored(stretch, end_ms):
            episode = _best(stretch, episodes.get(stretch.pump, []))
            count = counts["place named" if len(stretch.places) > 1 else "no place named"]
            count[0] += episode is not None and episode.cause == "transport"
            count[1] += 1
    return {place: Share(*count) for place, count in counts.items()}


def _standing(told: Told, pump: str, at: int) -> bool:
    """Whether an alert of an empty battery stood at a time."""
    changes = told.warned.get(pump, [])
    place = bisect_right(changes, (at, True))
    return place > 0 and changes[place - 1][1]


def _heard(stretch: Stretch, ledger: Ledger) -> bool:
    """Whether the pump could be heard in the hour before its battery was empty."""
    begins = stretch.depleted - 2 * AHEAD_MS
    return not any(
        silence.pump == stretch.pump and silence.start < stretch.depleted and silence.end > begins
        for silence in ledger.silences
    )


def _among(ahead: list[Stretch], depletions: list[Stretch], low: float, high: float) -> Share:
    hits = sum(low <= one.health < high for one in ahead)
    return Share(hits, sum(low <= one.health < high for one in depletions))


def _minutes(stretches: list[Stretch]) -> float:
    return sum(stretch.minutes for stretch in stretches)

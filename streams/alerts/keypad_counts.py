"""Entries with a key that bounced: the counts of one pump, and the usual share of all."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.events import AlertSubject, DoseScore
    from streams.alerts.rules import KeypadFault

_FLEET_REMEMBERS = 1_000_000  # entries; then all are halved, so that the share follows a changed fleet


class Counts:
    """Sums over the entries of one pump since `since`, over all its channels and care areas."""

    __slots__ = ("bounced_entries", "bounces", "care_areas", "entries", "keys", "presses", "since")

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.entries = self.bounced_entries = self.presses = self.bounces = 0
        # Most pumps never need these.
        self.keys: Counter[str] | None = None
        self.care_areas: set[str] | None = None

    def add(self, score: DoseScore, *, bounced: bool) -> None:
        """Count an entry."""
        self.entries += 1
        self.presses += score.presses
        if bounced:
            self.bounced_entries += 1
            self.bounces += score.bounces
            self.keys = (self.keys or Counter()) + Counter(score.bounced)
            self.care_areas = (self.care_areas or set()) | {score.care_area}

    def with_older(self, older: Counts | None) -> Counts:
        """These and the older ones together."""
        if older is None:
            return self
        both = Counts(older.since)
        both.entries = self.entries + older.entries
        both.presses = self.presses + older.presses
        both.bounces = self.bounces + older.bounces
        both.bounced_entries = self.bounced_entries + older.bounced_entries
        both.keys = (self.keys or Counter()) + (older.keys or Counter())
        both.care_areas = (self.care_areas or set()) | (older.care_areas or set())
        return both


class PumpKeys:
    """The counts of one pump in two spans: when the newer one is full, the older one is forgotten.

    So at least one and at most two spans are counted, in whole entries, and a keypad that was mended is not held
    to account for long. While the pump is accused nothing is forgotten: the alert's figures only grow.
    """

    __slots__ = ("accused", "clean", "heard_at", "newer", "older", "told_bounced", "told_entries")

    def __init__(self, at: datetime) -> None:
        self.newer = Counts(at)
        self.older: Counts | None = None
        self.accused = False
        self.clean = 0
        self.heard_at: datetime | None = None
        # What the fleet has counted of it.
        self.told_entries = self.told_bounced = 0

    def add(self, score: DoseScore, rules: KeypadFault, *, bounced: bool) -> None:
        """Count an entry; the caller sees to it that each comes once."""
        newer = self.newer
        if not self.accused and (
            newer.entries >= rules.span_entries or score.at - newer.since >= timedelta(days=rules.span_days)
        ):
            self.older, newer = newer, Counts(score.at)
            self.newer = newer
        newer.add(score, bounced=bounced)
        self.clean = 0 if bounced else self.clean + 1
        self.heard_at = score.at

    def together(self) -> Counts:
        """The counts of both spans."""
        return self.newer.with_older(self.older)

    def accuse(self) -> None:
        """Go on in one span from here."""
        self.newer, self.older, self.accused = self.together(), None, True


class Fleet:
    """The share of entries with a bounce over all pumps, for which many faulty ones among them weigh little.

    A pump is heard up to as many bounced entries as make a pattern: so a sound one is heard in full, a faulty one with
    its first entries only, and where all bounce (a firmware that sends coarse times) that becomes the usual.
    """

    def __init__(self, rules: KeypadFault) -> None:
        self._heard = rules.least_entries
        # What is held for usual until the pumps themselves have said enough.
        self._entries = rules.usual_entries
        self._bounced = rules.usual_entries * rules.usual_share

    def add(self, pump: PumpKeys, *, bounced: bool) -> None:
        """Count an entry that its pump has just counted."""
        older = pump.older
        if pump.newer.bounced_entries + (older.bounced_entries if older else 0) > self._heard:
            return
        self._entries += 1
        self._bounced += bounced
        pump.told_entries += 1
        pump.told_bounced += bounced
        if self._entries > _FLEET_REMEMBERS:
            self._entries /= 2
            self._bounced /= 2

    def share_without(self, pump: PumpKeys) -> float:
        """The usual share among the other pumps; never 0, as if one more entry had bounced."""
        bounced = max(self._bounced - pump.told_bounced, 0.0)
        return min((bounced + 1) / (max(self._entries - pump.told_entries, 0.0) + 1), 0.5)


def restored(subject: AlertSubject, since: datetime, at: datetime) -> PumpKeys | None:
    """The counts that an open alert of a keypad says, up to its time; None if it says none."""
    said = subject.keypad
    if said is None:
        return None
    pump = PumpKeys(since)
    counts = pump.newer
    counts.entries, counts.bounced_entries = said.entries, said.bounced_entries
    counts.presses, counts.bounces = said.presses, said.bounces
    counts.keys, counts.care_areas = Counter(said.keys), set(said.care_areas)
    pump.clean, pump.accused, pump.heard_at = said.clean, True, at
    return pump

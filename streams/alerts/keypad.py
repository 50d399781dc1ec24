"""Keypads that bounce: scores to findings about a pump, across its entries, channels and care areas."""

from __future__ import annotations

from math import ceil, log, log1p
from typing import TYPE_CHECKING

from schemas.codec import ms
from schemas.events import AlertSubject, KeypadStatistics
from streams.alerts import words
from streams.alerts.chance import chance_of_as_many
from streams.alerts.finding import Finding
from streams.alerts.keypad_counts import Fleet, PumpKeys, restored

if TYPE_CHECKING:
    from schemas.events import Alert, DoseScore
    from streams.alerts.keypad_counts import Counts
    from streams.alerts.rules import KeypadFault

PUMPS_REMEMBERED = 65_536
"""Pumps of a partition whose counts are kept, about 0.3 kB each; those heard longest ago are forgotten."""
_A_MILLION = 1_000_000


class KeypadWatch:
    """Counts the bounces of each pump and says when they are more than a sound keypad makes.

    An entry counts as bounced if a key came again faster than a finger can (`bounces` of the score, seen and mended
    at once or not), or if the likeliest slip of an erroneous entry is a bounce, for pumps that send no times.
    Later revisions of a score change nothing here.

    Each entry is one look at the counts. `alpha` is the chance below which they accuse: what is tolerated for each
    pump in the time of one span, shared among as many looks as all of that time are worth.

    Entries of one pump count in the order of their event time: one that is not later than the last is held for known,
    so whatever is read again changes nothing.

    After a restart the counts of an accused pump come back from its alert, as of its last revision; all others
    begin anew, and so does the usual share.
    """

    def __init__(self, rules: KeypadFault) -> None:
        self._fleet = Fleet(rules)
        self._pumps: dict[str, PumpKeys] = {}
        self._accused: dict[str, PumpKeys] = {}
        self.use(rules)

    def use(self, rules: KeypadFault) -> None:
        """Go on by other rules; what was counted stays, also on top of the usual share as it was at the start."""
        self._rules = rules
        span_days = rules.span_entries / rules.entries_per_pump_day
        self.alpha = rules.false_alarms_per_million_pump_days / _A_MILLION * span_days / rules.looks

    def __len__(self) -> int:
        return len(self._pumps) + len(self._accused)

    def apply(self, score: DoseScore) -> tuple[Finding, str] | None:
        """Count a first revision; what it says of the pump's alert, and which alert that is."""
        bounced = _bounced(score)
        pump = self._accused.get(score.pump) or self._of(score)
        if pump.heard_at is not None and score.at <= pump.heard_at:
            return None
        pump.add(score, self._rules, bounced=bounced)
        if pump.accused:
            return self._again(pump, score, bounced=bounced)
        self._fleet.add(pump, bounced=bounced)
        return self._accuse(pump, score) if bounced else None

    def start_anew(self, pump: str) -> None:
        """Forget what was counted on a pump: its alert is resolved."""
        self._accused.pop(pump, None)
        self._pumps.pop(pump, None)

    def restore(self, alert: Alert) -> None:
        """Go on with the counts of an open alert."""
        if alert.pump is None or alert.subject.started_at is None:
            return
        pump = restored(alert.subject, alert.subject.started_at, alert.at)
        if pump is not None:
            self._accused[alert.pump] = pump

    def _clean_entries(self, pump: PumpKeys) -> int:
        """Entries in a row without a bounce that would be rare on a keypad as bad as before the last one."""
        rules, counts = self._rules, pump.newer
        share = min(counts.bounced_entries / (counts.entries - pump.clean), 0.999)
        needed = ceil(log(rules.clean_chance) / log1p(-share))
        return min(max(needed, rules.clean_least), rules.clean_most)

    def _accuse(self, pump: PumpKeys, score: DoseScore) -> tuple[Finding, str] | None:
        counts, rules = pump.together(), self._rules
        least = max(rules.least_entries, rules.least_share * counts.entries)
        if counts.bounced_entries < least:
            return None
        usual = self._fleet.share_without(pump)
        chance = self._chance(counts, usual)
        if chance > self.alpha:
            return None
        pump.accuse()
        self._accused[score.pump] = self._pumps.pop(score.pump)
        return self._found(pump, score, chance, usual)

    def _again(self, pump: PumpKeys, score: DoseScore, *, bounced: bool) -> tuple[Finding, str] | None:
        if not bounced:
            if pump.clean < self._clean_entries(pump):
                return None
            self.start_anew(score.pump)
        usual = self._fleet.share_without(pump)
        return self._found(pump, score, self._chance(pump.newer, usual), usual)

    def _chance(self, counts: Counts, usual: float) -> float:
        return chance_of_as_many(counts.bounced_entries, counts.entries, usual, self._rules.spread)

    def _of(self, score: DoseScore) -> PumpKeys:
        pump = self._pumps.pop(score.pump, None) or PumpKeys(score.at)
        self._pumps[score.pump] = pump
        if len(self._pumps) > PUMPS_REMEMBERED:
            del self._pumps[next(iter(self._pumps))]
        return pump

    def _found(self, pump: PumpKeys, score: DoseScore, chance: float, usual: float) -> tuple[Finding, str]:
        counts = pump.newer
        said = KeypadStatistics(
            entries=counts.entries,
            bounced_entries=counts.bounced_entries,
            presses=counts.presses,
            bounces=counts.bounces,
            usual=usual,
            chance=chance,
            clean=pump.clean,
            keys={} if counts.keys is None else dict(counts.keys.most_common()),
            care_areas=sorted(counts.care_areas or ()),
        )
        mended = pump.clean > 0
        finding = Finding(
            kind="keypad_fault",
            source=score,
            severity=None if mended else "warning",
            summary=words.keypad_sound(said) if mended else words.keypad_fault(said, counts.since),
            subject=AlertSubject(
                pump=score.pump,
                started_at=counts.since,
                evidence=words.keypad_evidence(said, counts.since, self._clean_entries(pump)),
                keypad=said,
            ),
        )
        # When the counts began tells one accusation of a pump from the next.
        return finding, str(ms(counts.since))


def _bounced(score: DoseScore) -> bool:
    if score.bounces:
        return True
    return score.verdict == "error" and bool(score.meant) and score.meant[0].slip == "key_bounce"

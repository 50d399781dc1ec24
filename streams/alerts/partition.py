"""The alerts of one partition, from its scores, its episodes and people's actions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from schemas.codec import EventRefused
from streams.alerts.battery import (
    degraded_finding,
    empty_soon_finding,
    runs_short_half_life,
    silent_finding,
    unplugged_finding,
)
from streams.alerts.dose import entry_finding
from streams.alerts.finding import Finding, fingerprint
from streams.alerts.keypad import KeypadWatch
from streams.alerts.lifecycle import after_action, after_finding, closed_by_time
from streams.alerts.maintenance import Windows
from streams.alerts.memory import LASTING, AlertMemory
from streams.alerts.rule_drugs import shipped_library
from streams.alerts.waiting import after_waiting, due, held, waited_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from schemas.events import Alert, AlertAction, BatteryHealth, DoseScore, PowerEpisode
    from schemas.library import Library
    from streams.alerts.rules import Rules

TIDY_EVERY = 1000  # events
_LONG_AGO = datetime.fromtimestamp(0, UTC)


class AlertPartition:
    """Turns scores, episodes and actions into alert revisions.

    Idempotent: an alert holds the revision of its source and the ids of its actions, so whatever is read again
    changes nothing, also after a restart from the compacted alerts topic. A resolved alert leaves memory after
    `resolved_hours`, then its fingerprint alone keeps it from being raised again, for as many alerts as
    `resolved_remembered`: far more than what is read again after a crash.
    """

    def __init__(
        self, rules: Rules, library_of: Callable[[str], Library] | None = None, windows: Windows | None = None
    ) -> None:
        self._rules = rules
        self._windows = windows or Windows()
        self._library_of = library_of or (lambda _hospital: shipped_library())
        self._silent: dict[str, str] = {}  # pump → what its open alert of silence is about
        self._memory = AlertMemory(rules.memory)
        self._keypads = KeypadWatch(rules.keypad_fault)
        self._episodes: dict[str, tuple[datetime, str]] = {}  # pump → start and id of its episode with open alerts
        self._clock = self._arrived = _LONG_AGO
        self._next_due: datetime | None = None  # no open alert is changed by time alone before
        self._applied = 0

    def __len__(self) -> int:
        return len(self._memory)

    def use(self, rules: Rules) -> None:
        """Go on by other rules; alerts that stand are judged by them when something new comes."""
        self._rules = rules
        self._memory.use(rules.memory)
        self._keypads.use(rules.keypad_fault)
        self._next_due = _LONG_AGO

    def plan(self, windows: Windows) -> None:
        """Go on by other maintenance windows, also for alerts that stand."""
        self._windows = windows
        self._next_due = _LONG_AGO

    def wait(self, now: datetime) -> list[Alert]:
        """What time alone has changed by `now`, in the clock of the arrivals: escalated, quiet for long, let go.

        Call it only where all that has arrived was applied: an answer may be among it.
        """
        if self._next_due is None or now < self._next_due:
            return []
        self._next_due = None
        changes = []
        for before in self._memory.open():
            after = after_waiting(before, now, self._rules, self._windows)
            if after is not None:
                self._memory.put(after)
                changes.append(after)
            self._wait(after or before, now)
        return changes

    def apply_score(self, score: DoseScore, arrived: datetime | None = None) -> list[Alert]:
        """The alert revisions that a score leads to; `arrived` is its record's time, if it differs from the pump's."""
        changes = self._tick(score.at, arrived)
        if score.revision == 1:
            keypad = self._keypads.apply(score)
            if keypad is not None:
                self._take(*keypad, changes)
            if score.verdict == "ok":
                return changes  # nearly every entry: nothing to raise and nothing to resolve
        self._take(entry_finding(score, self._rules.dose_entry_error, self._drug(score)), score.entry, changes)
        return changes

    def apply_episode(self, episode: PowerEpisode, arrived: datetime | None = None) -> list[Alert]:
        """The alert revisions that an episode revision leads to; `arrived` as for a score."""
        changes = self._tick(episode.at, arrived)
        self._supersede(episode, changes)
        self._take(unplugged_finding(episode, self._rules.unplugged_infusion), episode.episode, changes)
        rules = self._rules.battery_empty_soon
        short = runs_short_half_life(episode, self._library_of(episode.hospital), rules.short_half_life)
        standing = self._memory.is_open(fingerprint("battery_empty_soon", episode.pump, episode.episode))
        finding = empty_soon_finding(episode, rules, short=short, standing=standing)
        self._take(finding, episode.episode, changes)
        self._listen(episode, short=short, changes=changes)
        if episode.battery is not None:
            self._judge_battery(episode, episode.battery, changes)
        return changes

    def apply_action(self, action: AlertAction) -> list[Alert]:
        """The alert revisions that a person's action leads to.

        Raises EventRefused: `late` where no such alert is known (any more), `schema` for a comment without words.
        """
        before = self._memory.get(action.fingerprint)
        if before is None or before.hospital != action.hospital:
            if self._memory.is_done(action.fingerprint) and action.action != "comment":
                return []
            raise EventRefused(
                "late", f"field `fingerprint`: no alert {action.fingerprint} is open here; load the list again"
            )
        after = after_action(before, action)
        if after is None:
            return []
        self._arrived = action.at  # the board's clock
        after = self._keep(before, after)
        self._keypad_resolved(after)
        return [after]

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Take up the published alerts of this partition, in any order and with any number of revisions."""
        newest: dict[str, Alert] = {}
        for alert in alerts:
            known = newest.get(alert.fingerprint)
            if known is None or known.revision < alert.revision:
                newest[alert.fingerprint] = alert
        for alert in sorted(newest.values(), key=lambda alert: alert.at):
            # One from before there was escalation waits from now on.
            waiting = alert if alert.unanswered_since is not None else waited_for(None, alert, alert.at)
            self._memory.put(waiting)
            self._note_episode(alert)
            if alert.kind == "keypad_fault" and alert.state != "resolved":
                self._keypads.restore(alert)
            self._clock = max(self._clock, alert.at)
        self._memory.forget(self._clock)
        self._next_due = _LONG_AGO

    def _take(self, finding: Finding, about: str, changes: list[Alert]) -> None:
        name = fingerprint(finding.kind, finding.source.pump, about)
        if self._memory.is_done(name):
            return
        before = self._memory.get(name)
        after = after_finding(before, finding, name, self._rules.flapping)
        if after is not None:
            after = self._keep(before, after)
            self._note_episode(after)
            changes.append(after)

    def _keep(self, before: Alert | None, after: Alert) -> Alert:
        """Remember a new revision and when time will change it."""
        after = waited_for(before, held(after, self._windows, self._arrived), self._arrived)
        self._memory.put(after)
        self._wait(after, self._arrived)
        return after

    def _wait(self, alert: Alert, now: datetime) -> None:
        at = due(alert, self._rules, self._windows, now)
        if at is not None and (self._next_due is None or at < self._next_due):
            self._next_due = at

    def _drug(self, score: DoseScore) -> str | None:
        """The drug as the rules name it, where they tell drugs apart; a hospital may have names of its own for it."""
        if not self._rules.dose_entry_error.drugs:
            return None
        known = shipped_library().canonical_drug
        return known(score.drug) or known(self._library_of(score.hospital).canonical_drug(score.drug) or "")

    def _listen(self, episode: PowerEpisode, *, short: bool, changes: list[Alert]) -> None:
        """Each silence is an alert of its own, over when the pump is heard again."""
        pump, since = episode.pump, episode.silent_since
        about = f"{episode.episode}/{since:%Y%m%dT%H%M%S}" if since is not None else self._silent.get(pump)
        if about is None:
            return
        self._take(silent_finding(episode, self._rules.pump_silent, short=short), about, changes)
        if since is not None:
            self._silent[pump] = about
        else:
            del self._silent[pump]

    def _judge_battery(self, episode: PowerEpisode, health: BatteryHealth, changes: list[Alert]) -> None:
        """One alert for a serial number, whatever the episode; a verdict read again is older than its alert."""
        finding = degraded_finding(episode, health, self._rules.battery_degraded)
        known = self._memory.get(fingerprint("battery_degraded", episode.pump, "battery"))
        if finding is not None and (known is None or known.at < episode.at):
            self._take(finding, "battery", changes)

    def _note_episode(self, alert: Alert) -> None:
        if alert.pump is None or alert.state == "resolved":
            return
        subject = alert.subject
        if alert.kind == "pump_silent" and subject.silent_since is not None:
            self._silent[alert.pump] = f"{subject.episode}/{subject.silent_since:%Y%m%dT%H%M%S}"
        elif subject.episode is not None and subject.started_at is not None:
            self._episodes[alert.pump] = (subject.started_at, subject.episode)

    def _supersede(self, episode: PowerEpisode, changes: list[Alert]) -> None:
        """Resolve alerts of an older episode of the pump, whose end got lost with a restart."""
        started, older = self._episodes.get(episode.pump, (episode.started_at, episode.episode))
        if older == episode.episode:
            if episode.ended_at is not None:
                self._episodes.pop(episode.pump, None)
            return
        if started > episode.started_at:
            return
        del self._episodes[episode.pump]
        for kind in ("unplugged_infusion", "battery_empty_soon"):
            name = fingerprint(kind, episode.pump, older)
            if self._memory.is_open(name):
                self._close(name, episode.at, "Over: the pump has begun another stretch on battery", changes)

    def _close(self, name: str, at: datetime, why: str, changes: list[Alert]) -> None:
        before = self._memory.get(name)
        if before is not None:
            after = self._keep(before, closed_by_time(before, at, why))
            self._keypad_resolved(after)
            changes.append(after)

    def _keypad_resolved(self, alert: Alert) -> None:
        """What was counted before an engineer looked, or before a long silence, accuses nobody again."""
        if alert.kind == "keypad_fault" and alert.state == "resolved" and alert.pump is not None:
            self._keypads.start_anew(alert.pump)

    def _tick(self, at: datetime, arrived: datetime | None) -> list[Alert]:
        """Move the partition's clocks on; now and then resolve and forget what is old."""
        changes: list[Alert] = []
        self._clock = max(self._clock, at)
        self._arrived = arrived or at
        self._applied += 1
        if self._applied % TIDY_EVERY == 0:
            for alert in self._memory.outdated(self._clock):
                memory = self._rules.memory
                hours = memory.lasting_hours if alert.kind in LASTING else memory.open_hours
                self._close(alert.fingerprint, self._clock, f"Nothing heard of it for {hours:g} h", changes)
            self._memory.forget(self._clock)
        return changes

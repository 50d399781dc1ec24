"""One dose entry from the number meant to the commit: slips, corrections, and what she does with a warning."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING, NamedTuple

from schemas.codec import from_ms
from schemas.events import Commit
from services.pumps.keystrokes import Hand, presses_for, taken
from services.pumps.sending import send
from services.pumps.slips import Meant, Slips, taken_back
from services.pumps.truth import EntryTruth
from streams.intent.keypad import layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from schemas.events import CommitAction, KeystrokeEvent, Limit, Slip
    from services.pumps.behaviour import Behaviour, Sending
    from services.pumps.sending import EntryHead


class Entered(NamedTuple):
    """An entry made: its events with their times, when it ended, what the pump took, and the truth about it."""

    events: list[tuple[int, KeystrokeEvent]]
    ends_ms: int
    value: float
    action: CommitAction
    slip: Slip | None
    truth: EntryTruth


class Nurse:
    """Makes entries by one configuration; `slip_rate` replaces its share of slips."""

    def __init__(self, behaviour: Behaviour, slip_rate: float | None = None) -> None:
        self._typing = behaviour.typing
        self._answers = behaviour.answers
        self._slips = Slips(behaviour.slips)
        self._slip_rate = behaviour.slips.rate if slip_rate is None else slip_rate
        self._taken_back = behaviour.slips.corrected_while_typing

    def enter(
        self,
        head: EntryHead,
        meant: Meant,
        begins_ms: int,
        ids: tuple[str, int],
        dice: Random,
        *,
        limit_of: Callable[[float], Limit | None],
        sending: Sending = "whole",
        faulty: bool = False,
        careful: bool = False,
        taken_for_granted: bool = False,
        corrects: str | None = None,
    ) -> Entered:
        """Make one entry that begins at `begins_ms` since 1970.

        `careful`: without slips, as people are when they mend one. `taken_for_granted`: the value was given, so
        the entry is never cancelled; beyond a limit it is an override.
        """
        keypad = layout(head.model)
        hand = Hand(self._typing, dice)
        rate = 0.0 if careful else self._slips.rate(self._slip_rate, faulty=faulty)
        slipped = self._slips.draw(meant, keypad, dice, faulty=faulty) if dice.random() < rate else None
        naked = dice.random() < self._typing.naked_point
        if slipped:
            presses, value = slipped.presses, slipped.value
        else:
            presses, value = presses_for(meant.value, keypad, meant.previous, naked_point=naked), meant.value
        seen = dice.random() < self._slips.rate(self._taken_back, faulty=faulty)
        if seen:
            bounces = faulty and self._slips.bounces(dice)
            again = taken_back(presses, keypad, dice, bounces=bounces)
            seen = bool(presses) and taken(again, keypad, meant.previous) == value
            presses = again if seen else presses
        warned = limit_of(value)
        slip = slipped.kind if slipped else None
        action = self._answer(warned, slip, dice, taken_for_granted=taken_for_granted)
        keys = hand.time(presses)
        confirm_ms = hand.confirm_ms()
        commit = Commit(action, value, warned)
        events = send(head, begins_ms, keys, confirm_ms, commit, sending, ids, dice)
        ends_ms = begins_ms + (keys[-1].t if keys else 0) + confirm_ms
        truth = EntryTruth(
            at=from_ms(ends_ms),
            hospital=head.hospital,
            care_area=head.care_area,
            pump=head.pump,
            model=head.model,
            channel=head.channel,
            entry=head.entry,
            field=head.field,
            drug=head.drug,
            unit=head.unit,
            previous=head.previous,
            meant=meant.value,
            typed=value,
            slip=slip,
            action=action,
            taken_back=seen,
            corrects=corrects,
        )
        return Entered(events, ends_ms, value, action, slip, truth)

    def mends_after_ms(self, dice: Random) -> int | None:
        """How long until a slip that went through is mended; None if nobody sees it."""
        if dice.random() >= self._answers.slip_seen_later:
            return None
        minutes = exp(dice.gauss(log(self._answers.seen_after_minutes), self._answers.seen_log_sd))
        return round(min(max(minutes, 0.2), 29.0) * 60_000)

    def _answer(
        self, warned: Limit | None, slip: Slip | None, dice: Random, *, taken_for_granted: bool
    ) -> CommitAction:
        if warned is None:
            return "confirm"
        if taken_for_granted:
            return "override"
        if warned.startswith("hard"):
            return "cancel"
        insists = 1 - self._answers.slip_seen_at_soft if slip else self._answers.override
        return "override" if dice.random() < insists else "cancel"

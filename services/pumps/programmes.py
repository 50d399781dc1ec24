"""The programmes of a fleet: what runs on each channel, and the entries that change it.

State is kept in arrays, 38 bytes a pump: therapy, value and time of the next change for each of two channels.
"""

from __future__ import annotations

from array import array
from math import ceil
from random import Random
from typing import TYPE_CHECKING

from services.pumps.dice import mix
from services.pumps.entries import Bedside, Therapy
from services.pumps.nurse import Entered, Nurse
from services.pumps.sending import EntryHead
from services.pumps.slips import Meant
from services.pumps.what import Change, Mend
from streams.intent.keypad import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.events import Field
    from services.pumps.behaviour import Behaviour
    from services.pumps.fleet import Pump

CHANNELS = 2
NEVER = 2**32 - 1
IDLE = 255
_READS_WARNING_MS = 2_500  # from a refusal to the next attempt: judgement


class Programmes:
    """What all channels of all pumps run. Times are seconds since `start_ms`.

    `busy` is how many times as often as in the real logs something is entered.
    """

    def __init__(
        self,
        pumps: int,
        seed: int,
        start_ms: int,
        run: str,
        behaviour: Behaviour,
        slip_rate: float | None = None,
        busy: float = 1.0,
    ) -> None:
        self._seed, self._start_ms, self._run = seed, start_ms, run
        self._busy = busy
        self._figures = behaviour.fleet
        self._enters_volume = behaviour.answers.enters_volume
        self._bedside = Bedside(behaviour.fleet, behaviour.answers)
        self._nurse = Nurse(behaviour, slip_rate)
        self._dice = Random()
        self.therapy = array("B", bytes([IDLE])) * (CHANNELS * pumps)
        self.value = array("d", bytes(8)) * (CHANNELS * pumps)
        self.next_s = array("I", [NEVER]) * (CHANNELS * pumps)
        self.busy_s = array("I", bytes(4)) * pumps
        self.key_seq = array("I", bytes(4)) * pumps
        self.entries = array("I", bytes(4)) * pumps

    def begin(self, pump: Pump, now_s: int) -> None:
        """Put a pump in the middle of what it does when the simulation begins."""
        dice = self._roll(pump, -1, 0)
        keypad = layout(pump.model)
        for slot in range(CHANNELS * pump.number, CHANNELS * pump.number + pump.channels):
            if dice.random() < self._figures.running:
                self.therapy[slot] = self._bedside.choose(pump.kind, keypad, dice)
                therapy = self._bedside.therapies[self.therapy[slot]]
                self.value[slot] = self._bedside.start(therapy, pump.care_area, keypad, dice)
                # Somewhere between the last entry and the next one.
                self.next_s[slot] = now_s + round(
                    dice.random() * self._bedside.minutes(therapy, dice) * 60 / self._busy
                )
            else:
                self.next_s[slot] = now_s + round(dice.expovariate(self._busy / (self._figures.idle_hours * 3600)))

    def flow(self, pump: Pump) -> float:
        """All running channels together, mL/h."""
        return sum(
            self.value[slot] / self._bedside.therapies[self.therapy[slot]].per_ml_h for slot in self._running(pump)
        )

    def drugs(self, pump: Pump) -> list[str]:
        """What runs."""
        return [self._bedside.therapies[self.therapy[slot]].profile.drug for slot in self._running(pump)]

    def channels_running(self, pump: Pump) -> int:
        """How many channels run."""
        return len(self._running(pump))

    def due(self, pump: Pump, now_ms: int, minute: int) -> Iterator[Entered | Change | Mend]:
        """What happens on the pump within the minute that begins now."""
        first = CHANNELS * pump.number
        now_s = (now_ms - self._start_ms) // 1000
        if self.busy_s[pump.number] > now_s:
            return  # she has two hands and one keypad: next minute
        until_s = now_s + 60
        for channel in range(pump.channels):
            if self.next_s[first + channel] < until_s:
                dice = self._roll(pump, minute, channel)
                wanted_ms = self._start_ms + self.next_s[first + channel] * 1000
                yield from self._turn(pump, channel, max(wanted_ms, now_ms + 100), dice)

    def apply(self, pump: Pump, change: Change) -> None:
        """A channel now runs at another value."""
        self.value[CHANNELS * pump.number + change.channel] = change.value

    def mend(self, pump: Pump, mend: Mend) -> Iterator[Entered | Change | Mend]:
        """Put a slip right, if it still stands."""
        slot = CHANNELS * pump.number + mend.channel
        if self.value[slot] != mend.wrong:
            return
        busy_ms = self._start_ms + self.busy_s[pump.number] * 1000
        if busy_ms > mend.at_ms:
            yield mend._replace(at_ms=busy_ms)
            return
        dice = self._roll(pump, mend.at_ms, 7)
        meant = Meant(mend.meant, mend.wrong)
        therapy = self._bedside.therapies[self.therapy[slot]]
        yield from self._enter(pump, mend.channel, therapy, therapy.field, meant, mend.at_ms, dice, mend.entry)

    def remaining(self, order: array[int]) -> array[int]:
        """The pumps that go on: all of them."""
        return order

    def _turn(self, pump: Pump, channel: int, at_ms: int, dice: Random) -> Iterator[Entered | Change | Mend]:
        """A start, a titration or a stop, whichever is next on this channel."""
        slot = CHANNELS * pump.number + channel
        keypad = layout(pump.model)
        running = self.value[slot] > 0
        if running and dice.random() < self._bedside.therapies[self.therapy[slot]].profile.stops:
            self._after(slot, at_ms, dice.expovariate(1 / (self._figures.idle_hours * 60)))
            yield Change(at_ms, channel, 0.0)
            return
        if running:
            therapy = self._bedside.therapies[self.therapy[slot]]
            before = self.value[slot]
            value = self._bedside.titrate(therapy, pump.care_area, before, keypad, dice)
            meant = Meant(value, before, self._others(therapy, value, dice), therapy.ratios)
        else:
            self.therapy[slot] = self._bedside.choose(pump.kind, keypad, dice)
            therapy = self._bedside.therapies[self.therapy[slot]]
            value = self._bedside.start(therapy, pump.care_area, keypad, dice)
            meant = Meant(value, None, self._others(therapy, value, dice), therapy.ratios)
        self._after(slot, at_ms, self._bedside.minutes(therapy, dice))
        yield from self._enter(pump, channel, therapy, therapy.field, meant, at_ms, dice)
        if not running and therapy.field == "rate" and dice.random() < self._enters_volume:
            volume = Meant(self._bedside.volume(keypad, dice), None, (value,))
            yield from self._enter(pump, channel, therapy, "vtbi", volume, at_ms, dice)

    def _others(self, therapy: Therapy, value: float, dice: Random) -> tuple[float, ...]:
        """Numbers of other fields: the flow beside a dose, the volume beside a flow."""
        if therapy.field == "dose":
            return (value / therapy.per_ml_h,)
        return (self._bedside.volume(layout("plain"), dice),)

    def _enter(
        self,
        pump: Pump,
        channel: int,
        therapy: Therapy,
        field: Field,
        meant: Meant,
        at_ms: int,
        dice: Random,
        corrects: str | None = None,
    ) -> Iterator[Entered | Change | Mend]:
        """An entry, and again where a warning showed the slip in it."""
        index = pump.number
        begins_ms = max(at_ms, self._start_ms + self.busy_s[index] * 1000)
        while True:
            head = EntryHead(
                pump.hospital,
                pump.care_area,
                pump.serial,
                pump.model,
                channel + 1,
                f"{pump.serial}-{self._run}-e{self.entries[index]}",
                field,
                therapy.profile.drug,
                "mL" if field == "vtbi" else therapy.profile.unit,
                therapy.concentration,
                meant.previous,
            )
            entered = self._nurse.enter(
                head,
                meant,
                begins_ms,
                (f"{pump.serial}-{self._run}-k", self.key_seq[index]),
                dice,
                limit_of=lambda value: self._bedside.limit(therapy, pump.care_area, field, value),
                sending=pump.sending,
                faulty=pump.faulty_keypad,
                careful=corrects is not None,
                corrects=corrects,
            )
            self.entries[index] += 1
            self.key_seq[index] += len(entered.events)
            yield entered
            begins_ms = entered.ends_ms + _READS_WARNING_MS
            self.busy_s[index] = ceil((begins_ms - self._start_ms) / 1000)
            if entered.action != "cancel" or entered.slip is None:
                break
            corrects = head.entry
        if entered.action == "cancel" or field == "vtbi":
            return
        yield Change(entered.ends_ms, channel, entered.value)
        if entered.slip and (after_ms := self._nurse.mends_after_ms(dice)):
            yield Mend(entered.ends_ms + after_ms, channel, entered.value, meant.value, head.entry)

    def _running(self, pump: Pump) -> list[int]:
        first = CHANNELS * pump.number
        return [slot for slot in range(first, first + pump.channels) if self.value[slot] > 0]

    def _after(self, slot: int, at_ms: int, minutes: float) -> None:
        self.next_s[slot] = (at_ms - self._start_ms) // 1000 + max(round(minutes * 60 / self._busy), 60)

    def _roll(self, pump: Pump, minute: int, purpose: int) -> Random:
        self._dice.seed(mix(self._seed, pump.number, minute * 8 + purpose))
        return self._dice

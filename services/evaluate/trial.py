"""Entries made of intents, whose truth is known."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from schemas.library import Library, load_default
from services.pumps.keystrokes import enterable
from services.pumps.nurse import Nurse
from services.pumps.sending import EntryHead
from services.pumps.slips import Meant
from streams.intent.entries import DoseEntry
from streams.intent.keypad import layout

if TYPE_CHECKING:
    from random import Random

    from schemas.events import Field, KeystrokeEvent, Limit, Slip
    from services.evaluate.intents import Beside, Intent
    from services.pumps.behaviour import Behaviour


@cache
def shipped_library() -> Library:
    """The library of every hospital: the logs do not tell their own."""
    return Library(load_default())


class Truth(NamedTuple):
    """What is known of an entry: the value the pump took, and the one that was meant.

    `slip` is None where these are one. `corrects`: the entry puts the slip before it right. `late`: it is in the
    second half of its hospital's stream.
    """

    intent: Intent
    keypad: str
    value: float
    meant: float
    slip: Slip | None = None
    corrects: bool = False
    late: bool = False

    @property
    def factor(self) -> float:
        """By how much the value is wrong, 1 or more; infinite where 0 was entered."""
        low, high = sorted((self.value, self.meant))
        return high / low if low else float("inf")


class Trial(NamedTuple):
    """One entry as its pump sends it, with the truth.

    `stands`: the next entry on the channel comes after this one; an entry that does not stand is judged as if it had
    been made, and then forgotten. `counted`: entries of other fields are made, as a pump has to be told them, but not
    counted.
    """

    event: KeystrokeEvent
    truth: Truth
    stands: bool = True
    counted: bool = True

    def entry(self) -> DoseEntry:
        """The entry as the stream puts it together from the event."""
        event = self.event
        if event.commit is None:
            raise ValueError(f"the event {event.id} holds no whole entry")
        return DoseEntry(event, event.commit, [(key.t, key.k) for key in event.keys], event.at)


class Place(NamedTuple):
    """Where an entry is made: on which pump and channel, on which keypad."""

    pump: str
    channel: int
    keypad: str


class Maker:
    """Makes entries by one configuration of the simulator: its nurse, with her timing, presses the keys."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._right = Nurse(behaviour, 0.0)
        self._wrong = Nurse(behaviour, 1.0)
        self._library = shipped_library()
        self._made = 0

    def make(
        self, intent: Intent, place: Place, at_ms: int, previous: float | None, dice: Random, *, wrong: bool
    ) -> Trial | None:
        """An entry of what was meant, or a slip instead; None where the keypad has no way to it, or to a slip."""
        drug, area, field, unit = intent.drug, intent.care_area, intent.field, intent.entered.unit
        row = self._library.row(drug, area, field, unit)

        def limit_of(value: float) -> Limit | None:
            return None if row is None else Library.limit(row, value)

        head = self._head(intent, place, field, unit, previous)
        value = enterable(intent.entered.value, layout(place.keypad))
        meant = Meant(value, previous, tuple(one.value for one in intent.beside), intent.ratios)
        nurse = self._wrong if wrong else self._right
        entered = nurse.enter(head, meant, at_ms, self._ids(place), dice, limit_of=limit_of, taken_for_granted=True)
        event = entered.events[0][1]
        if not value or bool(entered.slip) != wrong or not (event.keys or wrong):
            return None
        return Trial(event, Truth(intent, place.keypad, entered.value, value, entered.slip))

    def beside(self, intent: Intent, one: Beside, place: Place, at_ms: int, dice: Random) -> Trial:
        """The entry that tells the pump another field of the programme."""
        head = self._head(intent, place, one.field, one.unit, None)
        meant = Meant(enterable(one.value), None)
        entered = self._right.enter(
            head, meant, at_ms, self._ids(place), dice, limit_of=lambda _value: None, taken_for_granted=True
        )
        truth = Truth(intent, place.keypad, entered.value, meant.value)
        return Trial(entered.events[0][1], truth, counted=False)

    def _head(self, intent: Intent, place: Place, field: Field, unit: str, previous: float | None) -> EntryHead:
        self._made += 1
        return EntryHead(
            intent.entered.hospital,
            intent.care_area,
            place.pump,
            place.keypad,
            place.channel,
            f"{place.pump}-e{self._made}",
            field,
            intent.drug,
            unit,
            intent.concentration,
            previous,
        )

    def _ids(self, place: Place) -> tuple[str, int]:
        return f"{place.pump}-k", self._made

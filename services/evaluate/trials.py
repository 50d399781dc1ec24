"""Entries made of intents: each as it was meant, and once more with a slip of the simulator's.

The simulator's nurse presses the keys, so an entry has her timing, her naked points and her corrections while
typing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from schemas.library import Library, load_default
from services.pumps.dice import mix, pick
from services.pumps.keystrokes import enterable, presses_for
from services.pumps.nurse import Nurse
from services.pumps.sending import EntryHead
from services.pumps.slips import Meant
from streams.intent.entries import DoseEntry
from streams.intent.keypad import layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.events import KeystrokeEvent, Limit, Slip
    from services.evaluate.intents import Intent
    from services.pumps.behaviour import Behaviour

LAYOUTS = {
    "alaris_8015": 0.36,
    "spectrum": 0.27,
    "colleague": 0.18,
    "alaris_gp": 0.09,
    "bbraun_five_key": 0.1,
}
"""Share of entries by keypad: the simulated fleet's (behaviour.yaml) and a tenth of B. Braun, a judgement. Those
that step a value run mL/h only, as in the simulated fleet; doses are shared among the others."""
_AT_MS = round(datetime(2026, 1, 5, 8, tzinfo=UTC).timestamp() * 1000)


class Trial(NamedTuple):
    """One entry whose truth is known: `slip` is None where what was meant was entered."""

    entry: DoseEntry
    intent: Intent
    keypad: str
    meant: float
    slip: Slip | None

    @property
    def factor(self) -> float:
        """By how much the value is wrong, 1 or more; infinite where nothing was entered."""
        low, high = sorted((self.entry.commit.value, self.meant))
        return high / low if low else float("inf")


class Maker:
    """Makes entries by one configuration of the simulator."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._right = Nurse(behaviour, 0.0)
        self._wrong = Nurse(behaviour, 1.0)
        self._library = Library(load_default())

    def make(
        self,
        intent: Intent,
        keypad: str,
        previous: float | None,
        dice: Random,
        *,
        wrong: bool,
        name: tuple[str, int],
        at_ms: int = _AT_MS,
    ) -> tuple[KeystrokeEvent, Slip | None]:
        """One entry; `previous` is what stands in the field, `name` the pump and the number of its entry."""
        of = intent.entered
        pump, number = name
        head = EntryHead(
            of.hospital, intent.care_area, pump, keypad, 1, f"{pump}-e{number}", intent.field, intent.drug,
            of.unit, intent.concentration, previous,
        )  # fmt: skip
        row = self._library.row(intent.drug, intent.care_area, intent.field, of.unit)

        def limit_of(value: float) -> Limit | None:
            return None if row is None else Library.limit(row, value)

        meant = Meant(
            enterable(of.value, layout(keypad)),
            previous,
            tuple(one.value for one in intent.beside),
            intent.ratios,
        )
        nurse = self._wrong if wrong else self._right
        entered = nurse.enter(
            head, meant, at_ms, (f"{pump}-k", number), dice, limit_of=limit_of, taken_for_granted=True
        )
        return entered.events[0][1], entered.slip


def make(intents: Sequence[Intent], behaviour: Behaviour, seed: int, passes: int) -> Iterator[Trial]:
    """Each intent `passes` times right and, where a slip can change it, as often wrong.

    Repeatable for a seed.
    """
    maker = Maker(behaviour)
    dice = Random()
    for number, intent in enumerate(intents):
        for turn in range(passes):
            dice.seed(mix(seed, number, turn))
            name = keypad_for(intent, dice)
            keypad = layout(name)
            meant = enterable(intent.entered.value, keypad)
            if not meant:
                continue
            previous = intent.entered.previous and enterable(intent.entered.previous, keypad)
            for wrong in (False, True):
                event, slip = maker.make(
                    intent,
                    name,
                    previous,
                    dice,
                    wrong=wrong,
                    name=("p", 2 * (number * passes + turn) + wrong),
                )
                if bool(slip) == wrong:
                    yield Trial(whole(event), intent, name, meant, slip)


def keypad_for(intent: Intent, dice: Random) -> str:
    """A keypad on which the value can be entered."""
    of = intent.entered
    while True:
        name = pick(dice, LAYOUTS)
        keypad = layout(name)
        if keypad.kind == "digits":
            return name
        if of.unit == "mL/h" and presses_for(
            enterable(of.value, keypad), keypad, enterable(of.previous or 0, keypad)
        ):
            return name


def whole(event: KeystrokeEvent) -> DoseEntry:
    """The entry that one event holds."""
    if event.commit is None:
        raise ValueError(f"the event {event.id} does not hold a whole entry")
    return DoseEntry(event, event.commit, [(key.t, key.k) for key in event.keys], event.at)

"""The entries of one hospital in the order of time: real values in their real order, on simulated pumps.

A log gives each stay its own time. Here one patient comes after the other, at most one a day (judgement): what
matters to learning is what came before.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from math import exp, log
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from services.evaluate.trial import Maker, Place, Trial
from services.pumps.dice import mix, pick, text_seed
from services.pumps.keystrokes import enterable, presses_for
from streams.intent.keypad import layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.evaluate.intents import Intent
    from services.pumps.behaviour import Behaviour

LAYOUTS = {
    "alaris_8015": 0.36,
    "spectrum": 0.27,
    "colleague": 0.18,
    "alaris_gp": 0.09,
    "bbraun_five_key": 0.10,
}
"""Share of infusions by keypad: the simulated fleet's (behaviour.yaml) and a tenth of B. Braun, a judgement. Those that
step a value run mL/h only, as in the simulated fleet; doses are shared among the others."""
STARTS_MS = round(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 86_400_000
LONGEST_CORRECTION_MS = 29 * 60_000
"""Later than this it would no longer count as a correction (30 minutes, contracts)."""
_BETWEEN_ENTRIES_MS = 20_000
_TYPED_BESIDE = ("weight", "vtbi")
"""Fields that a nurse enters herself. The flow of a dose is worked out by the pump, which sends no keys of it."""
_MOST_CHANNELS = 64


class Habits(NamedTuple):
    """How often a stream slips, and what becomes of it. `each`: each entry is also made wrong, without standing."""

    slips: float = 0.0
    corrected: float = 0.0
    each: bool = False


COLD = Habits(each=True)
WARM = Habits(slips=0.06, corrected=0.8)


class Stream(NamedTuple):
    """The entries of one hospital, in order."""

    hospital: str
    trials: list[Trial]


def streams(intents: Sequence[Intent], behaviour: Behaviour, habits: Habits, seed: int) -> Iterator[Stream]:
    """One stream for each hospital. Repeatable for a seed."""
    maker = Maker(behaviour)
    hospitals: dict[str, dict[str, dict[tuple[str, ...], list[Intent]]]] = {}
    for intent in intents:
        stays = hospitals.setdefault(intent.entered.hospital, {})
        stays.setdefault(intent.entered.stay, {}).setdefault(intent.infusion, []).append(intent)
    for hospital, stays in sorted(hospitals.items()):
        dice = Random(mix(seed, text_seed(hospital)))
        order = sorted(stays)
        dice.shuffle(order)
        made: list[Trial] = []
        for day, stay in enumerate(order):
            begins_ms = STARTS_MS + day * DAY_MS + dice.randrange(DAY_MS)
            first_ms = min(intent.at_ms for some in stays[stay].values() for intent in some)
            pump = f"{hospital}-{stay}"
            for channel, infusion in enumerate(stays[stay].values()):
                keypad = _keypad(infusion, dice)
                place = Place(f"{pump}-{keypad}", channel % _MOST_CHANNELS + 1, keypad)
                made += _Infusion(maker, place, behaviour, habits, dice).made(infusion, begins_ms - first_ms)
        made.sort(key=lambda trial: trial.event.at)
        half = sum(trial.counted for trial in made) / 2
        counted = 0
        for number, trial in enumerate(made):
            counted += trial.counted
            if counted > half:
                made[number] = trial._replace(truth=trial.truth._replace(late=True))
        yield Stream(hospital, made)


class _Infusion:
    """Makes the entries of one infusion, one after the other."""

    def __init__(self, maker: Maker, place: Place, behaviour: Behaviour, habits: Habits, dice: Random) -> None:
        self._maker, self._place, self._habits, self._dice = maker, place, habits, dice
        self._answers = behaviour.answers
        self._keypad = layout(place.keypad)
        self._told: dict[str, float] = {}

    def made(self, intents: Sequence[Intent], shift_ms: int) -> Iterator[Trial]:
        standing: float | None = None
        free_ms = 0
        for number, intent in enumerate(intents):
            at_ms = max(intent.at_ms + shift_ms, free_ms)
            following = intents[number + 1].at_ms + shift_ms if number + 1 < len(intents) else None
            before = intent.entered.previous
            standing = standing if before and standing else before and enterable(before, self._keypad)
            for told in self._beside(intent, at_ms):
                yield told
                at_ms += _BETWEEN_ENTRIES_MS
            if enterable(intent.entered.value, self._keypad) == standing:
                continue
            for trial in self._entered(intent, at_ms, standing, following):
                yield trial
                if trial.stands:
                    standing = trial.truth.value
                free_ms = at_ms + _BETWEEN_ENTRIES_MS

    def _entered(self, intent: Intent, at_ms: int, standing: float | None, following: int | None) -> Iterator[Trial]:
        make, place, dice, habits = self._maker.make, self._place, self._dice, self._habits
        if habits.each:
            wrong = make(intent, place, at_ms, standing, dice, wrong=True)
            if wrong is not None:
                yield wrong._replace(stands=False)
        slipped = make(intent, place, at_ms, standing, dice, wrong=True) if dice.random() < habits.slips else None
        if slipped is None:
            right = make(intent, place, at_ms, standing, dice, wrong=False)
            if right is not None:
                yield right
            return
        yield slipped
        if dice.random() < habits.corrected:
            answers = self._answers
            after = exp(dice.gauss(log(answers.seen_after_minutes), answers.seen_log_sd)) * 60_000
            corrected_ms = at_ms + round(min(max(after, _BETWEEN_ENTRIES_MS), LONGEST_CORRECTION_MS))
            if following is None or corrected_ms < following:
                right = make(intent, place, corrected_ms, slipped.truth.value, dice, wrong=False)
                if right is not None:
                    yield right._replace(truth=right.truth._replace(corrects=True))

    def _beside(self, intent: Intent, at_ms: int) -> Iterator[Trial]:
        """Other fields that the pump was not told yet, or that changed."""
        for one in intent.beside:
            if one.field in _TYPED_BESIDE and self._told.get(one.field) != one.value:
                self._told[one.field] = one.value
                yield self._maker.beside(intent, one, self._place, at_ms, self._dice)
                at_ms += _BETWEEN_ENTRIES_MS


def _keypad(infusion: Sequence[Intent], dice: Random) -> str:
    """A keypad on which all values of the infusion can be entered, each from the one before."""
    while True:
        name = pick(dice, LAYOUTS)
        keypad = layout(name)
        if keypad.kind == "digits":
            return name
        if infusion[0].entered.unit != "mL/h":
            continue
        values = [0.0, *(enterable(intent.entered.value, keypad) for intent in infusion)]
        if all(presses_for(to, keypad, at) for at, to in pairwise(values) if at != to):
            return name

"""The error of a predicted end of battery, minute by minute as a screen would show it."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from msgspec import Struct

from schemas.codec import ms
from services.evaluate.power_truth import SOUND, WORN

if TYPE_CHECKING:
    from services.evaluate.power_told import Told
    from services.evaluate.power_world import Heard

MINUTE_MS = 60_000
SOON_MIN = 60.0
AGES = ("sound", "ageing", "worn")
SOON, EVER = "within the hour", "in all"


class EmptyError(Struct, frozen=True):
    """Absolute errors in minutes over the minutes of one kind of battery; None without a prediction.

    Of `minutes` on battery `predicted` had a prediction and `spans` of these an interval, which held the true end
    `held` times.
    """

    median: float | None
    p90: float | None
    predicted: int
    minutes: int
    spans: int
    held: int


class _Kind:
    """The minutes of one age of battery that had more, or less, than an hour left."""

    def __init__(self) -> None:
        self.errors = array("f")
        self.minutes = self.spans = self.held = 0


class EmptyErrors:
    """Collects the errors of one contender. A minute counts as its heartbeat arrives, unless a later one has."""

    def __init__(self) -> None:
        self._kinds = {(age, soon): _Kind() for age in AGES for soon in (True, False)}
        self._last: dict[str, int] = {}

    def hear(self, heard: Heard, health: float, told: Told) -> None:
        """Hold the prediction that stands now beside the minutes really left."""
        event = heard.event
        at = ms(event.at)
        if heard.left is None or event.kind != "heartbeat" or at <= self._last.get(event.pump, 0):
            return
        self._last[event.pump] = at
        kind = self._kinds[age_of(health), heard.left <= SOON_MIN]
        kind.minutes += 1
        empty = told.empty.get(event.pump)
        if empty is None:
            return
        end = at + heard.left * MINUTE_MS
        kind.errors.append(abs(empty.at - end) / MINUTE_MS)
        if empty.earliest is not None or empty.latest is not None:
            kind.spans += 1
            kind.held += (empty.earliest or 0) <= end and (empty.latest is None or end <= empty.latest)

    def summary(self) -> dict[str, dict[str, EmptyError]]:
        """By age of the battery and of all; within it, with less than an hour left and in all."""
        ages = {age: (age,) for age in AGES} | {"all": AGES}
        return {
            name: {
                SOON: _error([self._kinds[age, True] for age in of]),
                EVER: _error([self._kinds[age, soon] for age in of for soon in (True, False)]),
            }
            for name, of in ages.items()
        }


def _error(kinds: list[_Kind]) -> EmptyError:
    errors = sorted(error for kind in kinds for error in kind.errors)
    return EmptyError(
        median=round(errors[len(errors) // 2], 1) if errors else None,
        p90=round(errors[len(errors) * 9 // 10], 1) if errors else None,
        predicted=len(errors),
        minutes=sum(kind.minutes for kind in kinds),
        spans=sum(kind.spans for kind in kinds),
        held=sum(kind.held for kind in kinds),
    )


def age_of(health: float) -> str:
    """Sound, ageing or worn."""
    return "worn" if health < WORN else "ageing" if health < SOUND else "sound"

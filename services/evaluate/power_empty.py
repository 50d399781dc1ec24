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


class EmptyError(Struct, frozen=True):
    """Absolute errors in minutes over the minutes of one kind of battery; None if there is no prediction."""

    median: float | None
    p90: float | None
    predicted: int
    minutes: int


class EmptyErrors:
    """Collects the errors of one contender. A minute counts as its heartbeat arrives, unless a later one has."""

    def __init__(self) -> None:
        self._errors: dict[tuple[str, bool], array[float]] = {}
        self._minutes: dict[tuple[str, bool], int] = {}
        self._last: dict[str, int] = {}

    def hear(self, heard: Heard, health: float, told: Told) -> None:
        """Hold the prediction that stands now beside the minutes really left."""
        event = heard.event
        at = ms(event.at)
        if heard.left is None or event.kind != "heartbeat" or at <= self._last.get(event.pump, 0):
            return
        self._last[event.pump] = at
        kind = age(health), heard.left <= SOON_MIN
        self._minutes[kind] = self._minutes.get(kind, 0) + 1
        empty = told.empty.get(event.pump)
        if empty is not None:
            self._errors.setdefault(kind, array("f")).append(abs((empty - at) / MINUTE_MS - heard.left))

    def summary(self) -> dict[str, dict[str, EmptyError]]:
        """By age of the battery and, within it, with less than an hour left or in all."""
        return {
            name: {
                "within the hour": self._error([(name, True)])
                if name != "all"
                else self._error([(a, True) for a in AGES]),
                "in all": self._error(
                    [(a, soon) for a in (AGES if name == "all" else (name,)) for soon in (True, False)]
                ),
            }
            for name in (*AGES, "all")
        }

    def _error(self, kinds: list[tuple[str, bool]]) -> EmptyError:
        errors = sorted(error for kind in kinds for error in self._errors.get(kind, ()))
        minutes = sum(self._minutes.get(kind, 0) for kind in kinds)
        if not errors:
            return EmptyError(None, None, 0, minutes)
        return EmptyError(
            round(errors[len(errors) // 2], 1), round(errors[len(errors) * 9 // 10], 1), len(errors), minutes
        )


def age(health: float) -> str:
    """Sound, ageing or worn."""
    return "worn" if health < WORN else "ageing" if health < SOUND else "sound"

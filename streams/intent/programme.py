"""What a channel of a pump was told in its other fields: the programme that an entry is part of.

A dose, a flow, a volume, a weight and a concentration of one infusion belong together, so a number in one field may
be that of another, or left over from the infusion before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas import units
from streams.intent.bounded import Bounded

if TYPE_CHECKING:
    from schemas.events import DoseScore, Field
    from streams.intent.entries import DoseEntry

REMEMBERED = 65_536
"""Channels kept in a partition, about 1 KB each: 64 MB at most."""
WEIGHTS_REMEMBERED = 65_536


class Told(NamedTuple):
    """A value that was committed in a field."""

    field: Field
    value: float
    unit: str


class Programme(NamedTuple):
    """What is known beside an entry; hashable.

    `others` are the other fields of the same drug, `earlier` is what this field held for the channel's drug before,
    where nothing was entered in it for this drug yet. `weight` is in kg, `concentration` in the pump's own amount per
    mL. `keyless` says that the value was confirmed without a key.
    """

    others: tuple[Told, ...] = ()
    earlier: float | None = None
    weight: float | None = None
    concentration: float | None = None
    keyless: bool = False


class _Channel(NamedTuple):
    drug: str
    told: tuple[Told, ...]
    before: tuple[Told, ...]


class Programmes:
    """The programmes of the channels of one partition; bounded, the one entered longest ago is forgotten first."""

    def __init__(self) -> None:
        self._channels: Bounded[tuple[str, int], _Channel] = Bounded(REMEMBERED)
        self._weights: Bounded[str, float] = Bounded(WEIGHTS_REMEMBERED)

    def of(self, entry: DoseEntry) -> Programme | None:
        """What is known beside this entry, before it is observed; None where nothing is."""
        event = entry.event
        channel = self._channels.get((event.pump, event.channel))
        others: tuple[Told, ...] = ()
        earlier = None
        if channel is not None:
            field = event.field
            if channel.drug == event.drug:
                told, before = channel.told, channel.before
                if len(told) > 1 or told[0].field != field:
                    others = tuple([one for one in told if one.field != field])
            else:
                told, before = (), channel.told
            if event.previous is None and before and not any(one.field == field for one in told):
                earlier = next((one.value for one in before if one.field == field and one.unit == event.unit), None)
        weight = self._weights.get(event.pump) if event.field != "weight" else None
        concentration = event.concentration or (_value(others, "concentration") if others else None)
        if not others and earlier is None and weight is None and concentration is None and entry.keys:
            return None
        return Programme(others, earlier, weight, concentration, not entry.keys)

    def observe(self, score: DoseScore) -> None:
        """Take in a committed entry: just scored, or read back from the published scores, oldest first."""
        if score.action == "cancel" or score.revision != 1:
            return
        if score.field == "weight" and score.typed:
            factor = units.ratio(score.unit, "kg")
            if factor:
                self._weights.put(score.pump, float(f"{score.typed * factor:.6g}"))
        place = (score.pump, score.channel)
        told = Told(score.field, score.typed, score.unit)
        channel = self._channels.get(place)
        if channel is None:
            channel = _Channel(score.drug, (told,), ())
        elif channel.drug != score.drug:
            channel = _Channel(score.drug, (told,), channel.told)
        else:
            rest = [one for one in channel.told if one.field != score.field]
            channel = _Channel(score.drug, (*rest, told), channel.before)
        self._channels.put(place, channel)


def _value(told: tuple[Told, ...], field: Field) -> float | None:
    return next((one.value for one in told if one.field == field), None)

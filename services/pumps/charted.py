"""The stays of a log as pumps: who they are (`Beds`) and what is entered on them when (`Rows`)."""

from __future__ import annotations

import hashlib
from array import array
from math import inf
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from schemas.library import Library, load_default
from services.pumps.dice import base36, mix, pick, text_seed
from services.pumps.entries import MEDIAN_ML_H
from services.pumps.fleet import MINUTE_MS, Pump
from services.pumps.keystrokes import enterable
from services.pumps.sending import EntryHead
from services.pumps.slips import Meant
from services.pumps.what import Change
from streams.intent.keypad import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.events import Limit
    from services.pumps.behaviour import Behaviour
    from services.pumps.logs import Entry, Kind
    from services.pumps.nurse import Entered, Nurse
    from services.pumps.what import Mend

MOST_CHANNELS = 64  # schemas.events
ENDS_AFTER_MS = 2 * MINUTE_MS  # a stay ends, and its pump stops, so long after its last entry: the log does not say
NEXT_BAG_MS = 10 * MINUTE_MS  # a channel goes on for so long after a row's end, as the next row follows: judgement
_BETWEEN_ENTRIES_MS = 3_000  # between two entries that the log has at the same time: judgement


class Stay(NamedTuple):
    """One pump of the log: its rows in order, with their times in ms since the log began."""

    hospital: str
    place: str
    entries: list[Entry]
    times: list[int]


class Beds:
    """The pumps of a log. Public stays get a serial number that does not tell the stay."""

    def __init__(self, kind: Kind, stays: list[Stay], chance: int, behaviour: Behaviour) -> None:
        figures = behaviour.fleet
        dice = Random()
        models = {model: share for model, share in figures.models.items() if layout(model).kind == "digits"}
        self._pumps = []
        for index, stay in enumerate(stays):
            serial = stay.place
            if kind != "own":
                digest = hashlib.sha256(f"{kind}|{stay.hospital}|{stay.place}".encode()).digest()
                serial = f"{kind.upper()}-{base36(int.from_bytes(digest[:6], 'big'))}"
            dice.seed(text_seed(stay.hospital))
            model = stay.entries[0].model or pick(dice, models)
            dice.seed(mix(chance, index, 9))
            self._pumps.append(
                Pump(
                    index,
                    serial,
                    stay.hospital,
                    stay.entries[0].care_area,
                    "medical",
                    model,
                    0,
                    None,
                    MOST_CHANNELS,
                    pick(dice, figures.sending),
                    faulty_keypad=False,
                    loose_cord=False,
                    reports_capacity=False,
                )
            )
        self._chance = chance

    def pump(self, index: int) -> Pump:
        """The pump of one stay."""
        return self._pumps[index]

    def phase_ms(self, index: int) -> int:
        """When in each minute a pump's turn is."""
        return mix(self._chance, index, 3) % MINUTE_MS

    def zones(self) -> list[tuple[int, int, int]]:
        """None: a log does not say what hangs on one distribution board."""
        return []

    def in_zone(self, hospital: int, place: int, zone: int) -> list[int]:  # noqa: ARG002 - there is no zone to ask for
        """Nothing, as there are no zones."""
        return []


class _Bed:
    """What runs on one pump, and how far its log has been entered."""

    __slots__ = ("busy_ms", "channels", "done", "ended", "entries", "last", "running", "seq")

    def __init__(self) -> None:
        self.busy_ms = 0
        self.channels: dict[str, int] = {}
        self.done = 0
        self.ended = False
        self.entries = 0
        self.last: dict[tuple[str, str], float] = {}
        self.running: dict[int, Change] = {}
        self.seq = 0


class Rows:
    """Enters the rows of a log when their time has come, one after the other on each pump."""

    def __init__(self, stays: list[Stay], chance: int, start_ms: int, run: str, nurse: Nurse) -> None:
        self._stays = stays
        self._chance, self._start_ms, self._run = chance, start_ms, run
        self._nurse = nurse
        self._library = Library(load_default())
        self._dice = Random()
        self._beds = [_Bed() for _ in stays]
        self._some_ended = False

    def begin(self, pump: Pump, now_s: int) -> None:
        """A stay begins with nothing running."""

    def flow(self, pump: Pump) -> float:
        """All running channels together, mL/h; a dose counts as MEDIAN_ML_H, as few logs tell its flow."""
        running = self._beds[pump.number].running.values()
        return sum(change.value if change.unit == "mL/h" else MEDIAN_ML_H for change in running)

    def drugs(self, pump: Pump) -> list[str]:
        """What runs."""
        return [change.drug for change in self._beds[pump.number].running.values()]

    def channels_running(self, pump: Pump) -> int:
        """How many channels run."""
        return len(self._beds[pump.number].running)

    def due(self, pump: Pump, now_ms: int, minute: int) -> Iterator[Entered | Change | Mend]:  # noqa: ARG002 - rows know their time
        """The rows of the minute that begins now; after the last one the pump stops."""
        bed, stay = self._beds[pump.number], self._stays[pump.number]
        until_ms = now_ms + MINUTE_MS - self._start_ms
        while bed.done < len(stay.entries) and stay.times[bed.done] < until_ms:
            begins_ms = max(self._start_ms + stay.times[bed.done], now_ms + 100, bed.busy_ms)
            yield from self._enter(pump, bed, stay.entries[bed.done], begins_ms)
            bed.done += 1
        for change in bed.running.values():
            if change.ends_ms <= now_ms:
                yield Change(now_ms, change.channel, 0.0)
        if bed.done == len(stay.entries) and now_ms >= bed.busy_ms + ENDS_AFTER_MS:
            bed.ended = self._some_ended = True
            for change in bed.running.values():
                yield Change(now_ms, change.channel, 0.0)

    def apply(self, pump: Pump, change: Change) -> None:
        """A channel now runs at another value."""
        running = self._beds[pump.number].running
        if change.value > 0:
            running[change.channel] = change
        else:
            running.pop(change.channel, None)

    def mend(self, pump: Pump, mend: Mend) -> Iterator[Entered | Change | Mend]:  # noqa: ARG002 - see below
        """Nothing: the log's own rows are all that is entered."""
        return iter(())

    def remaining(self, order: array[int]) -> array[int]:
        """The pumps whose stay goes on."""
        if not self._some_ended:
            return order
        self._some_ended = False
        return array("I", (index for index in order if not self._beds[index].ended))

    def _enter(self, pump: Pump, bed: _Bed, row: Entry, begins_ms: int) -> Iterator[Entered | Change]:
        channel = row.channel or bed.channels.get(row.drug) or len(bed.channels) % MOST_CHANNELS + 1
        bed.channels[row.drug] = channel
        model = row.model or pump.model
        previous = bed.last.get((row.drug, row.unit)) if row.previous is None else row.previous
        head = EntryHead(
            pump.hospital,
            row.care_area,
            pump.serial,
            model,
            channel,
            f"{pump.serial}-{self._run}-e{bed.entries}",
            row.field,
            row.drug,
            row.unit,
            row.concentration,
            previous,
        )
        self._dice.seed(mix(self._chance, pump.number, bed.entries))
        limits = self._library.row(row.drug, row.care_area, row.field, row.unit)

        def limit_of(value: float) -> Limit | None:
            return None if limits is None else Library.limit(limits, value)

        entered = self._nurse.enter(
            head,
            Meant(enterable(row.value, layout(model)), previous),
            begins_ms,
            (f"{pump.serial}-{self._run}-k", bed.seq),
            self._dice,
            limit_of=limit_of,
            sending=pump.sending,
            taken_for_granted=True,
        )
        bed.entries += 1
        bed.seq += len(entered.events)
        bed.busy_ms = entered.ends_ms + _BETWEEN_ENTRIES_MS
        yield entered
        if row.field not in ("rate", "dose"):
            return
        bed.last[row.drug, row.unit] = entered.value
        ends_ms = inf if row.lasts_ms is None else entered.ends_ms + row.lasts_ms + NEXT_BAG_MS
        yield Change(entered.ends_ms, channel, entered.value, row.drug, row.unit, ends_ms)

"""What pumps say of their power: heartbeats, plugs, alarms, starts and stops."""

from __future__ import annotations

from array import array
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from schemas.codec import from_ms
from schemas.events import PowerEvent
from services.pumps.dice import mix
from services.pumps.fleet import MINUTE_MS
from services.pumps.plugs import HOME, Plugs, Unplugging, place_name
from services.pumps.power import BATTERY, DEPLETED, JUMPED, Batteries
from services.pumps.truth import AlarmTruth, GaugeTruth, MainsTruth, PowerTruth, Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.events import PowerKind
    from services.pumps.behaviour import PowerFigures, Shift
    from services.pumps.fleet import Pump
    from services.pumps.what import What

_RESTARTS_AFTER_MS = 20_000  # an empty pump that is plugged in again runs again: judgement


class Due(NamedTuple):
    """Something to come: a plug put in (of this turn), one pulled, another place, or the channels looked at again."""

    at_ms: int
    pulled: Unplugging | None = None
    turn: int | None = None
    place: int | None = None


class Mains:
    """The power side of all pumps; `run` makes the ids of this run its own. 4 bytes a pump beside the batteries."""

    def __init__(
        self, pumps: int, programmes: What, chance: int, run: str, figures: PowerFigures, tell: Callable[[Truth], None]
    ) -> None:
        self.batteries = Batteries(pumps, chance, figures)
        self._plugs = Plugs(chance, figures)
        self._programmes = programmes
        self._chance, self._run, self._figures, self._tell = chance, run, figures, tell
        self._dice = Random()
        self.seq = array("I", bytes(4)) * pumps

    def begin(self, pump: Pump) -> float:
        """Give the pump its battery and look at what runs; the share of its capacity that the battery has."""
        self.batteries.start(pump)
        self.measure(pump)
        return self.batteries.health(pump.number)

    def habit(self, hospital: str, care_area: str) -> dict[Shift, float]:
        """How often a day a running pump of this unit is left unplugged without need, by shift."""
        return self._plugs.habit(hospital, care_area)

    def measure(self, pump: Pump) -> None:
        """Look at what runs."""
        self.batteries.running[pump.number] = self._programmes.channels_running(pump)
        self.batteries.rate_ml_h[pump.number] = self._programmes.flow(pump)

    def pulled(self, pump: Pump, at_ms: int, minute: int, shift: Shift) -> Due | None:
        """Whether somebody unplugs a running pump on mains within the coming minute."""
        number = pump.number
        if self.batteries.flags[number] & BATTERY or not self.batteries.running[number]:
            return None
        unplugging = self._plugs.unplugging(pump, minute, shift, self._dice)
        return Due(at_ms + unplugging.in_ms, unplugging) if unplugging else None

    def ran(self, pump: Pump, at_ms: int) -> PowerEvent | None:
        """A channel was changed: the pump started or stopped, or neither."""
        before = self.batteries.running[pump.number]
        self.measure(pump)
        after = self.batteries.running[pump.number]
        if bool(before) == bool(after) or self.batteries.flags[pump.number] & DEPLETED:
            return None
        return self.event(pump, "started" if after else "stopped", at_ms)

    def unplug(self, pump: Pump, at_ms: int, unplugging: Unplugging) -> tuple[PowerEvent, list[Due]] | None:
        """The plug is pulled; None if it was out already. With what follows from it."""
        number, why = pump.number, unplugging.why
        if self.batteries.flags[number] & BATTERY:
            return None
        turn = self.batteries.unplug(number)
        ends_ms = at_ms + max(round(unplugging.minutes * MINUTE_MS), 500)
        follows = [Due(ends_ms, turn=turn)]
        self._dice.seed(mix(self._chance, number, at_ms * 8 + 5))
        if unplugging.flaps:
            on_mains, again = self._plugs.flap(unplugging, self._dice)
            follows.append(Due(ends_ms + round(on_mains * MINUTE_MS), again))
        if unplugging.place != HOME:
            there, back = (
                round(self._dice.uniform(*self._figures.location_after_minutes) * MINUTE_MS) for _ in range(2)
            )
            follows.append(Due(at_ms + there, turn=turn, place=unplugging.place))
            follows.append(Due(max(ends_ms - back, at_ms + there + 1), turn=turn, place=HOME))
        self._tell(
            PowerTruth(
                at=from_ms(at_ms),
                hospital=pump.hospital,
                care_area=pump.care_area,
                pump=pump.serial,
                why=why,
                health=round(self.batteries.health(number), 3),
            )
        )
        return self.event(pump, "unplugged", at_ms), follows

    def move(self, pump: Pump, due: Due) -> None:
        """The pump is located elsewhere, unless it is on mains since."""
        batteries = self.batteries
        if batteries.flags[pump.number] & BATTERY and batteries.turns[pump.number] == due.turn:
            batteries.place[pump.number] = due.place or HOME

    def plug(self, pump: Pump, at_ms: int, turn: int | None) -> tuple[PowerEvent, list[Due]] | None:
        """The plug is put in; None if it was in already, or was pulled again since."""
        flags = self.batteries.flags[pump.number]
        if not flags & BATTERY or self.batteries.turns[pump.number] != turn:
            return None
        self.batteries.plug(pump.number)
        self._tell(MainsTruth(at=from_ms(at_ms), pump=pump.serial))
        follows = []
        if flags & DEPLETED and self.batteries.running[pump.number]:
            self.batteries.running[pump.number] = 0
            follows.append(Due(at_ms + _RESTARTS_AFTER_MS))
        return self.event(pump, "plugged", at_ms), follows

    def minute(self, pump: Pump, at_ms: int, minute: int) -> tuple[PowerEvent, Due | None] | None:
        """A minute passes: an alarm, if one begins, and somebody who answers it. An empty pump is always plugged in."""
        batteries, number = self.batteries, pump.number
        knew, shown = batteries.flags[number] & JUMPED, batteries.gauge[number]
        alarm = batteries.minute(pump, minute)
        if not knew and batteries.flags[number] & JUMPED:
            self._tell(
                GaugeTruth(
                    at=from_ms(at_ms),
                    pump=pump.serial,
                    before=round(shown, 1),
                    after=round(batteries.gauge[number], 1),
                    health=round(batteries.health(number), 3),
                )
            )
        if alarm is None:
            return None
        self._tell(
            AlarmTruth(
                at=from_ms(at_ms),
                pump=pump.serial,
                alarm=alarm,
                minutes=round(batteries.minutes_left(pump), 1),
                new_minutes=round(batteries.new_minutes(pump), 1),
                health=round(batteries.health(number), 3),
            )
        )
        self._dice.seed(mix(self._chance, number, minute * 8 + 6))
        answer = None
        if alarm == "depleted" or self._dice.random() < self._figures.plugged_at_low:
            in_ms = round(self._dice.uniform(1, 9) * MINUTE_MS)
            answer = Due(at_ms + in_ms, turn=batteries.turns[number])
        return self.event(pump, alarm, at_ms), answer

    def event(self, pump: Pump, kind: PowerKind, at_ms: int) -> PowerEvent:
        """What the pump says now."""
        number, batteries = pump.number, self.batteries
        flags, seq = batteries.flags[number], self.seq[number]
        self.seq[number] = seq + 1
        running = 0 if flags & DEPLETED else batteries.running[number]
        on_battery = bool(flags & BATTERY)
        charge = batteries.gauge[number]
        full = design = cycles = None
        if pump.reports_capacity:
            design = self._figures.design_mah
            full = round(design * batteries.believed(number))
            cycles = batteries.cycles[number]
        return PowerEvent(
            id=f"{pump.serial}-{self._run}-p{seq}",
            hospital=pump.hospital,
            care_area=pump.care_area,
            pump=pump.serial,
            at=from_ms(at_ms),
            seq=seq,
            model=pump.model,
            kind=kind,
            source="battery" if on_battery else "mains",
            charge_pct=float(round(charge)),  # a gauge shows whole points
            charging=not on_battery and charge < 100.0,
            infusing=running > 0,
            rate_ml_h=round(batteries.rate_ml_h[number], 2) if running else 0.0,
            channels_running=running,
            minutes_left=batteries.gauge_minutes(pump),
            full_capacity_mah=full,
            design_capacity_mah=design,
            cycles=cycles,
            location=place_name(batteries.place[number], pump),
            drugs=self._programmes.drugs(pump) if running else [],
            test=True,
        )

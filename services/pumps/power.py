"""Batteries of a fleet and the gauges that speak for them: one step a minute for each pump.

What changes is kept in arrays, 25 bytes a pump. Charges are in percent of a new battery; a gauge shows percent of
what it believes its battery holds. Everything that stays as it is comes from the seed and the pump's number.
"""

from __future__ import annotations

from array import array
from math import exp
from random import Random
from typing import TYPE_CHECKING, Literal, NamedTuple

from services.pumps.dice import mix
from services.pumps.wear import LEAST_HEALTH, Wear, battery_seed, use_of

if TYPE_CHECKING:
    from services.pumps.behaviour import PowerFigures
    from services.pumps.fleet import Pump

Alarm = Literal["low", "very_low", "depleted"]

BATTERY, LOW, VERY_LOW, DEPLETED, JUMPED = 1, 2, 4, 8, 16
_OF_SHARE = 65_535  # shares of 1 in two bytes
_OF_CHARGE = 600  # hundredths of a percent and finer, in two bytes
_FULLEST_BEFORE_FULL = 99.0  # what a gauge shows at most until the charger says that the battery is full
_DRAIN, _NATURE = 8, 9  # what a draw is for


class Nature(NamedTuple):
    """What one battery is like as long as it lives: how fast it wears, and how its voltage gives way.

    `drain` is what its pump takes beside others of its model, `knee` the share of its true charge at which the gauge
    learns the truth, `late` how late its alarms come when it is worn (0..1), `misses` what its gauge missed.
    """

    luck: float
    drain: float
    knee: float
    late: float
    misses: float


class Batteries:
    """State of every battery; `start` puts one into its pump."""

    def __init__(self, pumps: int, seed: int, figures: PowerFigures) -> None:
        self._figures = figures
        self._seed = seed
        self._wear = Wear(figures.ageing)
        self._dice, self._nature_dice = Random(), Random()
        self.charge = array("f", [100.0]) * pumps
        self.gauge = array("f", [100.0]) * pumps
        self._health = array("H", [_OF_SHARE]) * pumps
        self._believed = array("H", [_OF_SHARE]) * pumps
        self.cycles = array("H", bytes(2)) * pumps
        self._unplugged_at = array("H", bytes(2)) * pumps
        self.flags = array("B", bytes(pumps))
        self.turns = array("B", bytes(pumps))
        self.place = array("B", bytes(pumps))
        self.rate_ml_h = array("f", bytes(4 * pumps))
        self.running = array("B", bytes(pumps))

    def start(self, pump: Pump) -> None:
        """Its battery as it is when the simulation begins: worn by its life until then, most often full."""
        number = pump.number
        dice = self._dice
        dice.seed(battery_seed(self._seed, number))
        nature = self.nature(number)
        health, self.cycles[number] = self._wear.lived(dice, use_of(pump, self._figures), nature.luck)
        self.age(number, health, nature.misses)
        # Most batteries of a fleet on mains are full; some were just in use: judgement.
        self.spend(number, 30.0 * dice.random() ** 4 * self.health(number))

    def age(self, number: int, health: float, misses: float) -> None:
        """Give a full battery this share of its design capacity; its gauge has missed a share of the loss."""
        self._health[number] = round(health * _OF_SHARE)
        self._believed[number] = round((health + misses * (1 - health)) * _OF_SHARE)
        self.charge[number] = 100.0 * health
        self.gauge[number] = 100.0

    def spend(self, number: int, percent: float) -> None:
        """Take so much out, in percent of a new battery."""
        self.charge[number] = max(self.charge[number] - percent, 0.0)
        self.gauge[number] = max(self.gauge[number] - percent / self.believed(number), 1.0)

    def nature(self, number: int) -> Nature:
        """What this battery is like."""
        dice = self._nature_dice
        dice.seed(mix(self._seed, number, _NATURE))
        gauge = self._figures.gauge
        return Nature(
            luck=self._wear.luck(dice),
            drain=exp(dice.gauss(0, self._figures.drain_log_sd)),
            knee=dice.uniform(*gauge.knee),
            late=dice.random(),
            misses=gauge.misses * dice.random() ** gauge.misses_power,
        )

    def health(self, number: int) -> float:
        """The share of its design capacity that a battery still has."""
        return self._health[number] / _OF_SHARE

    def believed(self, number: int) -> float:
        """The share that its gauge believes it has."""
        return self._believed[number] / _OF_SHARE

    def usual_drain(self, pump: Pump) -> float:
        """Percent of a new battery an hour that pumps of this model take, running as this one does now."""
        figures, number = self._figures.drain, pump.number
        of_model = self._figures.model_drain.get(pump.model, 1.0)
        return of_model * (
            figures.base + figures.channel * self.running[number] + figures.ml_h * self.rate_ml_h[number]
        )

    def minutes_left(self, pump: Pump) -> float:
        """What is really left if the pump goes on running on battery as it does now."""
        hourly = self.usual_drain(pump) * self.nature(pump.number).drain
        return self.charge[pump.number] / hourly * 60

    def minute(self, pump: Pump, minute: int = 0) -> Alarm | None:
        """One minute passes; the alarm that begins, if any."""
        number = pump.number
        if not self.flags[number] & BATTERY:
            self._charge(number)
            return None
        if self.flags[number] & DEPLETED:
            return None
        return self._discharge(pump, minute)

    def _charge(self, number: int) -> None:
        full = 100.0 * self._health[number] / _OF_SHARE
        charge = self.charge[number]
        if charge >= full:
            self.gauge[number] = max(self.gauge[number], 100.0)
            return
        gained = self._figures.charge / 60
        self.charge[number] = min(charge + gained, full)
        if charge + gained >= full:
            self.gauge[number] = 100.0
        else:
            self.gauge[number] = min(self.gauge[number] + gained / self.believed(number), _FULLEST_BEFORE_FULL)

    def _discharge(self, pump: Pump, minute: int) -> Alarm | None:
        number, flags, figures = pump.number, self.flags[pump.number], self._figures
        nature = self.nature(number)
        noise = (mix(self._seed, number, minute << 4 | _DRAIN) >> 11) / 2**52 - 1
        hourly = self.usual_drain(pump) * nature.drain
        self.spend(number, hourly * (1 + figures.drain_noise * noise) / 60)
        charge, health = self.charge[number], self.health(number)
        if charge <= 100.0 * health * nature.knee and not flags & JUMPED:
            flags |= JUMPED
            self._learn(number)
        left = charge / hourly * 60
        promptness = 1 - figures.alarm_late * nature.late * min((1 - health) / 0.5, 1.0)
        alarm: Alarm | None = None
        if charge <= 0.0:
            flags, alarm = flags | DEPLETED | LOW | VERY_LOW, "depleted"
            self.gauge[number] = 0.0
        elif left <= figures.very_low_minutes * promptness and not flags & VERY_LOW:
            flags, alarm = flags | VERY_LOW | LOW, "very_low"
        elif left <= figures.low_minutes * promptness and not flags & LOW:
            flags, alarm = flags | LOW, "low"
        self.flags[number] = flags
        return alarm

    def _learn(self, number: int) -> None:
        """The voltage gives way: the gauge jumps to the truth, and believes less of its battery from now on."""
        truth = 100.0 * self.charge[number] / (100.0 * self.health(number))
        self.gauge[number] = min(self.gauge[number], max(truth, 1.0))
        missed = self._believed[number] - self._health[number]
        self._believed[number] -= round(self._figures.gauge.relearns * missed)

    def gauge_minutes(self, pump: Pump) -> float | None:
        """The pump's own estimate on battery, from its gauge and what that believes."""
        number = pump.number
        if not self.flags[number] & BATTERY:
            return None
        return round(self.gauge[number] * self.believed(number) / self.usual_drain(pump) * 60, 1)

    def new_minutes(self, pump: Pump) -> float:
        """What a new battery would still have, taken off the mains as full as this one was, after what was used."""
        number = pump.number
        start = self._unplugged_at[number] / _OF_CHARGE
        used = start - self.charge[number]
        hourly = self.usual_drain(pump) * self.nature(number).drain
        return (start / self.health(number) - used) / hourly * 60

    def unplug(self, number: int) -> int:
        """On battery from now; the number of this turn, which `plug` must name."""
        self.flags[number] = BATTERY
        self._unplugged_at[number] = round(self.charge[number] * _OF_CHARGE)
        self.turns[number] = (self.turns[number] + 1) & 0xFF
        return self.turns[number]

    def plug(self, number: int) -> None:
        """On mains from now, all alarms over; the discharge has cost some capacity."""
        used = (self._unplugged_at[number] / _OF_CHARGE - self.charge[number]) / 100
        if used > 0:
            lost = self._wear.lost(used, self.nature(number).luck)
            # A short discharge costs less than the smallest step of two bytes: now and then it costs a whole one.
            steps = lost * _OF_SHARE
            whole = int(steps)
            draw = (mix(self._seed, number, self.turns[number] << 4 | _NATURE) >> 11) / 2**53
            whole += draw < steps - whole
            self._health[number] = max(self._health[number] - whole, round(LEAST_HEALTH * _OF_SHARE))
            self._believed[number] = max(self._believed[number], self._health[number])
        self.flags[number] = 0
        self.place[number] = 0

"""Who is who in a simulated fleet: everything that does not change, worked out from the seed and the pump's number.

Nothing is stored for a pump here, and a pump's place does not depend on how many others there are: pump 17 of 100 is
pump 17 of a million, as long as the number of hospitals is the same.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from services.pumps.dice import mix, text_seed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.pumps.behaviour import Behaviour, Kind, Sending

_TRAITS, _BATTERY, _PHASE = 1, 2, 3
_16_BITS = 65_536
MINUTE_MS = 60_000


class Pump(NamedTuple):
    """One pump and its number in the fleet."""

    number: int
    serial: str
    hospital: str
    care_area: str
    kind: Kind
    model: str
    zone: int
    location: str | None
    channels: int
    sending: Sending
    faulty_keypad: bool
    loose_cord: bool
    reports_capacity: bool


class Fleet:
    """`pumps` pumps over `hospitals` hospitals."""

    def __init__(self, pumps: int, hospitals: int, seed: int, behaviour: Behaviour) -> None:
        self.pumps = pumps
        self.seed = mix(seed, text_seed("fleet"))
        figures = behaviour.fleet
        self._figures, self._slips, self._power = figures, behaviour.slips, behaviour.power
        self._hospitals = [f"sim-{number:02d}" for number in range(1, hospitals + 1)]
        self._areas = list(figures.care_areas)
        # One turn of the wheel deals a hospital's next pumps to its care areas by weight.
        self._wheel = [
            (area, round_)
            for round_ in range(max(area.weight for area in figures.care_areas.values()))
            for area, place in figures.care_areas.items()
            if round_ < place.weight
        ]
        self._kinds = {area: place.kind for area, place in figures.care_areas.items()}
        self._weights = {area: place.weight for area, place in figures.care_areas.items()}
        self._models = _cumulative(figures.models)
        self._sendings = _cumulative(figures.sending)
        self._main = [_draw(self._models, mix(self.seed, number, _TRAITS) >> 48) for number in range(hospitals)]

    def pump(self, index: int) -> Pump:
        """The pump with this number, from 0."""
        traits = mix(self.seed, index, _TRAITS)
        number, hospital = divmod(index, len(self._hospitals))
        turn, place = divmod(number, len(self._wheel))
        area, round_ = self._wheel[place]
        zone = (turn * self._weights[area] + round_) // self._figures.zone_pumps
        if (traits & 0xFFFF) < self._figures.main_model * _16_BITS:
            model = self._main[hospital]
        else:
            model = _draw(self._models, (traits >> 8) & 0xFFFF)
        one_channel = ((traits >> 24) & 0xFFFF) >= self._figures.second_channel * _16_BITS
        battery = mix(self.seed, index, _BATTERY)
        return Pump(
            index,
            f"SIM-{index + 1:07d}",
            self._hospitals[hospital],
            area,
            self._kinds[area],
            model,
            zone,
            f"{area}, bay {zone + 1}",
            1 if one_channel else 2,
            _draw(self._sendings, (traits >> 32) & 0xFFFF),  # type: ignore[arg-type]
            (traits >> 48) < self._slips.faulty_keypads * _16_BITS,
            ((battery >> 32) & 0xFFFF) < self._power.loose_cord * _16_BITS,
            (battery >> 48) < self._power.reports_capacity * _16_BITS,
        )

    def phase_ms(self, index: int) -> int:
        """When in each minute this pump sends its heartbeat, 0 to 59,999 ms."""
        return mix(self.seed, index, _PHASE) % MINUTE_MS

    def zones(self) -> list[tuple[int, int, int]]:
        """Every (hospital, place of the care area in its list, zone) that has a pump."""
        found = []
        for hospital in range(min(len(self._hospitals), self.pumps)):
            for place, area in enumerate(self._areas):
                zone = 0
                while self._index(hospital, area, zone * self._figures.zone_pumps) < self.pumps:
                    found.append((hospital, place, zone))
                    zone += 1
        return found

    def in_zone(self, hospital: int, place: int, zone: int) -> list[int]:
        """Numbers of the pumps behind one distribution board."""
        area, size = self._areas[place], self._figures.zone_pumps
        indices = (self._index(hospital, area, zone * size + nth) for nth in range(size))
        return [index for index in indices if index < self.pumps]

    def _index(self, hospital: int, area: str, nth: int) -> int:
        """Number of a hospital's nth pump of one care area."""
        turn, round_ = divmod(nth, self._weights[area])
        return (turn * len(self._wheel) + self._wheel.index((area, round_))) * len(self._hospitals) + hospital


def _cumulative(shares: Mapping[Any, float]) -> list[tuple[float, str]]:
    """Upper ends, in 65536ths, of the range of draws that means each name."""
    ends = accumulate(share * _16_BITS for share in shares.values())
    return list(zip(ends, shares, strict=True))


def _draw(cumulative: list[tuple[float, str]], draw: int) -> str:
    for end, name in cumulative:
        if draw < end:
            return name
    return cumulative[-1][1]

"""A battery that wears and a gauge that lies, as events of one pump; written apart from the simulator."""

from typing import Any

from schemas.events import PowerEvent
from tests.made_power import Pump

HOURLY = 11.11 + 5.13 + 0.0171 * 25  # percent of a new battery an hour: one channel at 25 mL/h, published


def discharge(
    pump: Pump, start: float, minutes: float, *, health: float = 1.0, believed: float | None = None, **changes: Any
) -> list[PowerEvent]:
    """A full battery of this health on battery for so long, a heartbeat a minute; then mains, unless it ran empty.

    The gauge counts down from what it believes of the battery; the pump's alarms are true.
    """
    believed = believed or health
    events, alarms = [], [(30.0, "low"), (15.0, "very_low")]
    for minute in range(round(minutes)):
        taken = HOURLY * minute / 60
        left = (100 * health - taken) / HOURLY * 60
        charge = max(100 - taken / believed, 0.0)
        if left <= 0:
            empty = {"kind": "depleted", "infusing": False, "rate_ml_h": 0.0, "channels_running": 0}
            events.append(pump.battery(start + minute, 0.0, **(changes | empty)))
            return events
        if alarms and left <= alarms[0][0]:
            events.append(pump.battery(start + minute - 0.5, charge, kind=alarms.pop(0)[1], **changes))
        events.append(pump.battery(start + minute, round(charge), **changes))
    return [*events, *(pump.mains(start + minutes + more, **changes) for more in (0, 3, 6, 9))]

"""Why a pump infused on battery, as far as its own events tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.events import Cause
    from streams.power.settings import Thresholds
    from streams.power.tally import Tally


def cause_of(tally: Tally, thresholds: Thresholds, *, moved: bool, ended: bool) -> Cause:
    """The cause by the plainest sign first; `ended` if the pump itself told of the end.

    A power failure of a unit shows only in several pumps at once, so it is not decided here.
    """
    if tally.fault:
        return "battery_fault"
    if tally.returns >= thresholds.loose_cord_returns:
        return "loose_cord"
    if moved:
        return "transport"
    if tally.active_ms >= thresholds.grace:
        return "practice"
    if ended and tally.active_ms >= thresholds.blip:
        return "transport"
    return "unknown"

"""Why a pump infused on battery."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.events import Cause
    from streams.power.settings import Thresholds
    from streams.power.tally import Tally


def cause_of(tally: Tally, thresholds: Thresholds, *, moved: bool, failed: bool, ended: bool) -> Cause:
    """The cause by the plainest sign first.

    `moved`: the pump named another place meanwhile; `failed`: other pumps of its unit lost the mains in the same
    seconds; `ended`: the pump itself told of the end.
    """
    signs: list[tuple[bool, Cause]] = [
        (failed, "unit_power_failure"),
        (tally.returns >= thresholds.loose_cord_returns, "loose_cord"),
        (moved, "transport"),
        (tally.fault, "battery_fault"),
        (tally.active_ms >= thresholds.grace, "practice"),
        (ended and tally.active_ms >= thresholds.blip, "transport"),
    ]
    return next((cause for seen, cause in signs if seen), "unknown")

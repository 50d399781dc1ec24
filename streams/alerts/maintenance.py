"""Maintenance windows: which alerts are recorded but call nobody, and until when.

Windows are judged by the clock of the platform, as all waiting of people is. Unless a window names its kind, it never
holds an alert that a life may hang on: a dose entry error of high or life-threatening harm; nor, in a window on more
than one pump, where patients are connected, a battery that will be empty soon or a pump that fell silent.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from streams.rollups.cell import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from schemas.events import Alert, AlertKind, Harm, MaintenanceWindow

# Their topic keeps windows for 30 days; one that lasted longer would be forgotten while it is in force.
LONGEST = timedelta(days=30)

_LIGHT_HARM: frozenset[Harm | None] = frozenset({"none", "low", "moderate"})
_INFUSION_ENDS: frozenset[AlertKind] = frozenset({"battery_empty_soon", "pump_silent"})


def window_key(hospital: str, window: str) -> str:
    """The record key of a window: hospital/window, slashes within names escaped."""
    return f"{escaped(hospital)}/{escaped(window)}"


def end_of(window: MaintenanceWindow) -> datetime:
    """When a window ends: as planned, when a person ended it, or when it has lasted as long as any may."""
    planned = min(window.ends_at, window.at + LONGEST)
    return planned if window.cancelled_at is None else min(planned, window.cancelled_at)


def holds(window: MaintenanceWindow, alert: Alert) -> bool:
    """Whether a window, while it lasts, holds an alert of its hospital."""
    if window.pump is not None and window.pump != alert.pump:
        return False
    if window.care_area is not None and window.care_area != alert.care_area:
        return False
    if window.kinds is not None:
        return alert.kind in window.kinds
    if alert.kind == "dose_entry_error":
        return alert.subject.harm in _LIGHT_HARM
    return window.pump is not None or alert.kind not in _INFUSION_ENDS


class Windows:
    """The maintenance windows of all hospitals."""

    def __init__(self, windows: Iterable[MaintenanceWindow] = ()) -> None:
        self._of_hospital: dict[str, list[MaintenanceWindow]] = {}
        for window in windows:
            self._of_hospital.setdefault(window.hospital, []).append(window)

    def holding(self, alert: Alert, at: datetime) -> str | None:
        """The window that holds an alert at a time: the one that does already, else the one that ends last."""
        lasting = [window for window in self._fitting(alert) if window.starts_at <= at < end_of(window)]
        if any(window.window == alert.maintenance for window in lasting):
            return alert.maintenance
        return max(lasting, key=end_of).window if lasting else None

    def next_change(self, alert: Alert, after: datetime) -> datetime | None:
        """When a window that holds such an alert begins or ends next, or None."""
        times = (time for window in self._fitting(alert) for time in (window.starts_at, end_of(window)))
        return min((time for time in times if time > after), default=None)

    def _fitting(self, alert: Alert) -> Iterator[MaintenanceWindow]:
        return (window for window in self._of_hospital.get(alert.hospital, ()) if holds(window, alert))

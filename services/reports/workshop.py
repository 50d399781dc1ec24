"""Pumps for the workshop, by serial number: keypads whose keys bounce and worn batteries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.reports.table import Column, Interval, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.events import Alert, BatteryHealth, KeypadStatistics
    from services.reports.period import Period
    from services.reports.table import Value

_NOTE = (
    "From the alerts: all that are open, and of the resolved ones what is still kept (30 days at most). A period that "
    "reaches further back may miss faults that were mended since."
)
_UNKNOWN = "Not known: a file of rollups holds no alerts."
_PUMP = (Column("pump", "Serial number", "text"), Column("care_area", "Care area", "text"))
_WHEN = (Column("since", "Since", "text"), Column("state", "State", "text"))


def in_period(alerts: Iterable[Alert], period: Period) -> list[Alert]:
    """Alerts that stood at any time of a period."""
    return [
        alert
        for alert in alerts
        if alert.since.astimezone(period.zone).date() <= period.last
        and (alert.state != "resolved" or alert.at.astimezone(period.zone).date() >= period.first)
    ]


def worn_battery(alert: Alert) -> BatteryHealth | None:
    """How worn the battery is that an alert is about, if it is about one."""
    return alert.subject.battery if alert.kind == "battery_degraded" else None


def workshop_tables(alerts: Iterable[Alert] | None, period: Period) -> list[Table]:
    """Keypads and batteries with a fault in the period; without alerts nothing is known of them."""
    standing = in_period(alerts or (), period)
    keypads = [_keypad(alert, said, period) for alert in standing if (said := alert.subject.keypad) is not None]
    worn = [(health, alert) for alert in standing if (health := worn_battery(alert)) is not None]
    worn.sort(key=lambda one: (one[0].capacity, one[1].pump or ""))
    batteries = [_battery(alert, health, period) for health, alert in worn]
    return [
        Table(
            "keypad_faults",
            "Keypads for the workshop",
            (
                *_PUMP,
                Column("keys", "Keys", "text"),
                Column("bounced", "Entries with a bounce"),
                Column("entries", "Entries"),
                Column("usual", "Usual share", "share"),
                *_WHEN,
            ),
            keypads,
            ("keypad fault",),
            note=_NOTE,
            empty=_UNKNOWN if alerts is None else "No keypad is held to be faulty.",
        ),
        Table(
            "worn_batteries",
            "Batteries for the workshop",
            (
                *_PUMP,
                Column("capacity", "Of its design capacity", "share", interval=True),
                Column("discharges", "Discharges"),
                *_WHEN,
            ),
            batteries,
            ("worn battery",),
            note=_NOTE,
            empty=_UNKNOWN if alerts is None else "No battery is held to be worn.",
        ),
    ]


def _keypad(alert: Alert, said: KeypadStatistics, period: Period) -> tuple[Value, ...]:
    keys = ", ".join(said.keys)
    return (*_of(alert), keys, said.bounced_entries, said.entries, said.usual, *_when(alert, period))


def _battery(alert: Alert, health: BatteryHealth, period: Period) -> tuple[Value, ...]:
    capacity = Interval(health.capacity, health.low, health.high)
    return (*_of(alert), capacity, health.discharges, *_when(alert, period))


def _of(alert: Alert) -> tuple[str, str]:
    return alert.pump or "", alert.care_area


def _when(alert: Alert, period: Period) -> tuple[str, str]:
    return f"{alert.since.astimezone(period.zone):%Y-%m-%d}", "open" if alert.state == "firing" else alert.state

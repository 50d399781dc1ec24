"""Six weeks of a hospital, once for all tests of reports: the events as the topics hold them, and their report."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from schemas.events import BatteryHealth, KeypadStatistics
from schemas.library import Library, load_default
from services.reports.period import Period, from_rollups
from services.reports.report import build
from tests.made_read_model import alert
from tests.made_reports import day, episodes, infused, rollups, scores

VIENNA = ZoneInfo("Europe/Vienna")
HOSPITAL = "st-test"


def pump_fault(pump: str, kind: str, since: datetime, **changes):
    """An alert on a keypad or a battery, open since then."""
    battery = BatteryHealth(verdict="degraded", capacity=0.55, low=0.4, high=0.7, discharges=9)
    keypad = KeypadStatistics(
        entries=400, bounced_entries=12, presses=1600, bounces=12, usual=0.001, chance=1e-9, keys={"5": 12}
    )
    about = {"keypad": keypad} if kind == "keypad_fault" else {"battery": battery}
    subject = type(alert("x").subject)(pump=pump, **about)
    fields = {"pump": pump, "kind": kind, "since": since, "at": since, "severity": "warning", "subject": subject}
    return alert(f"{kind}-{pump}", hospital=HOSPITAL, **(fields | changes))


@pytest.fixture(scope="session")
def made():
    """Scores, episodes, minutes of infusing, alerts and the report of two weeks in October."""
    first, days = day(1), 42
    events = SimpleNamespace(
        scores=list(scores(7, first, days, 400)),
        episodes=list(episodes(8, first, days, 30)),
        infused=list(infused(9, first, days)),
        faults=[
            pump_fault("P7", "keypad_fault", day(20)),
            pump_fault("P3", "battery_degraded", day(2), care_area="SICU"),
            pump_fault("P4", "battery_degraded", day(3), state="resolved", at=day(5)),
            pump_fault("P5", "battery_degraded", day(40)),
        ],
    )
    events.period = Period(date(2026, 10, 17), date(2026, 10, 30), VIENNA)
    events.rollups = rollups(events.scores, events.episodes, events.infused)
    now = from_rollups(events.rollups, HOSPITAL, events.period)
    before = from_rollups(events.rollups, HOSPITAL, events.period.before)
    library = Library(load_default())
    made_at = datetime(2026, 11, 24, 5, tzinfo=UTC)
    events.report = build(HOSPITAL, events.period, now, before, events.faults, library, made_at)
    events.tables = {table.name: table for table in events.report.tables}
    return events

"""An alert as one line on the terminal."""

from datetime import UTC, datetime

import pytest

from schemas.events import Alert, AlertSubject
from services.embedded.follow import line

AT = datetime(2026, 11, 23, 17, 0, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    import time

    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def alert(**fields):
    subject = AlertSubject(
        pump="P-17",
        drug="heparin [bold]",
        unit="units/h",
        typed=5000,
        meant=500,
        slip="extra_digit",
        error_likelihood=0.968,
        harm="life_threatening",
    )
    known = {
        "id": "abc/1", "hospital": "North", "care_area": "MICU", "pump": "P-17", "at": AT, "fingerprint": "abc",
        "key": "P-17", "revision": 1, "kind": "dose_entry_error", "severity": "critical", "state": "firing",
        "summary": "summary", "subject": subject, "since": AT,
    }  # fmt: skip
    return Alert(**(known | fields))


def test_a_firing_alert_says_typed_and_meant_the_slip_and_its_likelihood():
    """One line holds what a nurse educator asks first; a drug name is text, never markup."""
    assert line(alert()).plain == (
        "17:00:01 CRITICAL North · MICU · P-17  heparin [bold]: 5,000 → 500 units/h  "
        "a digit too many, 97% likely a slip, harm life-threatening"
    )


def test_a_resolved_alert_is_short():
    """The end of an alert says which it was, without the evidence again."""
    assert line(alert(state="resolved", revision=2)).plain == (
        "17:00:01 resolved North · MICU · P-17  heparin [bold]: 5,000 → 500 units/h"
    )


def test_an_alert_about_power_says_its_summary():
    """An alert without a typed value stands with its own sentence."""
    power = alert(kind="unplugged_infusion", severity="warning", summary="infusing on battery", subject=AlertSubject())
    assert line(power).plain == "17:00:01 WARNING  North · MICU · P-17  infusing on battery"

"""Alert rules in a running worker: what nobody answers is escalated, and a changed file is in force within seconds."""

from importlib import resources

import pytest

from schemas.codec import decode
from schemas.events import Alert, KeyPress
from schemas.topics import ALERTS
from tests.integration.stream import eventually, publish, whole
from tests.made_events import entry
from tests.servers.worker import Worker

pytestmark = pytest.mark.servers

SHIPPED = resources.files("streams.alerts").joinpath("rules.yaml").read_text("utf-8")
# Two seconds, so that the test need not wait for ten minutes.
IMPATIENT = SHIPPED.replace("after_minutes: 10\n\nflapping", "after_minutes: 0.033\n\nflapping")
SILENT = IMPATIENT.replace("life_threatening: {critical: 0.5, warning: 0.2, info: 0.0}",
                           "life_threatening: {critical: null, warning: 0.2, info: 0.0}")  # fmt: skip


def bounced(pump: str, number: int = 1):
    """55 units/h of insulin instead of 5, by a key that bounced: critical by the shipped rules."""
    keys = [KeyPress(k="5", t=0, hold=220), KeyPress(k="5", t=38, hold=30)]
    return entry(pump, number, "55", drug="Insulin regular", unit="units/h", field="rate", previous=5.0, keys=keys)


def write(file, text: str) -> None:
    """Replace the file as a whole, so that no half of it is read."""
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


def revisions(kafka: str, pump: str) -> list[Alert]:
    """All revisions of the alerts of a pump."""
    found = [decode(Alert, message.value()) for message in whole(kafka, ALERTS) if message.value()]
    return [alert for alert in found if alert.pump == pump]


def test_a_rules_file_is_followed_live(topics, redis_server, tmp_path):
    """Escalation without another event, a change taken, a bad file refused with its line and the rules before kept."""
    file = tmp_path / "rules.yaml"
    write(file, IMPATIENT)
    worker = Worker("worker", topics, redis_server.url, tmp_path / "worker", {"PUMPWATCH_ALERT_RULES": str(file)})
    log = tmp_path / "worker" / "worker.log"
    try:
        worker.start()
        publish(topics, [bounced("P1")])
        eventually(lambda: len(revisions(topics, "P1")) == 2, 60, "the alert of P1 was escalated")
        fired, escalated = revisions(topics, "P1")
        assert (fired.severity, fired.escalated_at) == ("critical", None)
        assert (escalated.revision, escalated.state) == (2, "firing")
        assert (escalated.escalated_at - fired.unanswered_since).total_seconds() == pytest.approx(2, abs=0.1)

        write(file, SILENT.replace("reopenings: 3", "reopenings: often"))
        eventually(lambda: "alert rules refused" in log.read_text(), 60, "the bad file was refused")
        assert "field `flapping.reopenings`: expected a whole number, got a text" in log.read_text()
        publish(topics, [bounced("P2")])
        eventually(lambda: bool(revisions(topics, "P2")), 60, "P2 has an alert")
        assert revisions(topics, "P2")[0].severity == "critical"

        write(file, SILENT)
        eventually(lambda: "alert rules in force" in log.read_text(), 60, "the new file was taken")
        publish(topics, [bounced("P3")])
        eventually(lambda: bool(revisions(topics, "P3")), 60, "P3 has an alert")
        assert [alert.severity for alert in revisions(topics, "P3")] == ["warning"]
    finally:
        worker.kill()

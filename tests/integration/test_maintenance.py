"""A maintenance window on the whole platform: planned by command, followed by the worker, shown by Redis, ended."""

import json

import pytest
from redis import Redis

from schemas.events import Alert
from schemas.topics import ALERTS
from tests.integration.stream import eventually, latest, publish
from tests.integration.test_alert_rules import bounced
from tests.servers.worker import Worker

pytestmark = pytest.mark.servers

PLAN = ("maintenance", "plan", "--hospital", "st-test", "--reason", "Keypad test", "--for", "2h", "--by", "lab")


def test_a_window_holds_what_its_kind_names_until_it_is_ended(topics, redis_server, tmp_path, pumpwatch):
    """A dangerous entry is held on the pump whose window names the kind, calls on another, and fires at the end."""
    worker = Worker("worker", topics, redis_server.url, tmp_path / "worker", {})
    redis = Redis.from_url(redis_server.url, decode_responses=True)
    redis.flushall()

    def alerts() -> dict[str, Alert]:
        return {alert.pump: alert for alert in latest(topics, ALERTS, Alert).values()}

    try:
        named = pumpwatch(*PLAN, "--pump", "P1", "--kind", "dose_entry_error", PUMPWATCH_KAFKA=topics)
        assert named.returncode == 0, named.stderr
        safe = pumpwatch(*PLAN, "--pump", "P2", PUMPWATCH_KAFKA=topics)
        assert safe.returncode == 0, safe.stderr
        worker.start()  # it reads the windows before it judges anything
        publish(topics, [bounced("P1"), bounced("P2")])
        eventually(lambda: set(alerts()) == {"P1", "P2"}, 60, "both entries have an alert")
        held, fired = alerts()["P1"], alerts()["P2"]
        assert (held.severity, fired.severity) == ("critical", "critical")
        assert (held.maintenance, held.unanswered_since) == (named.stdout.split()[1], None)
        assert (fired.maintenance, fired.unanswered_since is not None) == (None, True)

        eventually(lambda: redis.zcard("pw:maintenance:st-test") == 2, 60, "Redis lists both windows")
        shown = pumpwatch("maintenance", "list", "--json", PUMPWATCH_KAFKA=topics)
        windows = {window["window"]: window for window in map(json.loads, shown.stdout.splitlines())}
        assert {window["standing"] for window in windows.values()} == {"current"}
        assert (windows[held.maintenance]["pump"], windows[held.maintenance]["by"]) == ("P1", "lab")

        over = pumpwatch("maintenance", "end", held.maintenance, PUMPWATCH_KAFKA=topics)
        assert over.returncode == 0, over.stderr
        eventually(lambda: alerts()["P1"].maintenance is None, 60, "the alert of P1 was let go")
        let_go = alerts()["P1"]
        assert (let_go.state, let_go.revision, let_go.fingerprint) == ("firing", 2, held.fingerprint)
        assert let_go.unanswered_since == let_go.at

        redis.flushall()
        rebuilt = pumpwatch("rebuild-redis", PUMPWATCH_KAFKA=topics, PUMPWATCH_REDIS=redis_server.url)
        assert rebuilt.returncode == 0, rebuilt.stderr
        stored = json.loads(redis.hget(f"pw:window:st-test/{held.maintenance}", "window"))
        assert (stored["revision"], stored["cancelled_at"] is not None) == (2, True)
        again = pumpwatch("maintenance", "end", held.maintenance, PUMPWATCH_KAFKA=topics)
        assert (again.returncode, again.stderr) == (2, "pumpwatch: not ended: the window is over already\n")
    finally:
        worker.kill()

"""The metrics service on the whole platform: its figures are those of the topics, and its health follows the worker."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.embedded.ports import LOOPBACK, free_port
from tests.e2e.conftest import Platform, bounced
from tests.integration.stream import publish, scores
from tests.made_events import entry, heartbeat
from tests.servers.kafka import require
from tests.servers.processes import ServerProcess

pytestmark = pytest.mark.servers

ENTRIES_PER_PUMP, PUMPS = 4, 20
# The figures follow the topics within seconds; a loaded machine gets more.
WITHIN_S = 120


class Metrics:
    """The service, as Prometheus and a supervisor see it."""

    def __init__(self, platform: Platform, folder) -> None:
        port = free_port()
        self.url = f"http://{LOOPBACK}:{port}"
        command = [sys.executable, "-m", "services.cli", "metrics", "--port", str(port)]
        env = {"PUMPWATCH_REDIS": platform.redis.url}
        self.process = ServerProcess("metrics", command, folder / "metrics.log", env)
        self.process.launch()
        self.process.wait_until(lambda: self.health()[0] != 0, 60)

    def text(self) -> bytes:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:  # noqa: S310 (our own)
            return answer.read()

    def value(self, name: str, **labels: str) -> float | None:
        """The sum of the samples with these labels, None without any."""
        found = [
            sample.value
            for family in text_string_to_metric_families(self.text().decode())
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(found) if found else None

    def health(self) -> tuple[int, dict]:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=10) as answer:  # noqa: S310 (our own)
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}


@pytest.fixture(scope="module")
def metrics(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Metrics]:
    """The service on the platform."""
    started = Metrics(platform, tmp_path_factory.mktemp("metrics"))
    yield started
    started.process.kill()


def _until(condition):
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.2)


def test_figures_agree_with_the_topics_and_health_with_the_worker(platform, metrics):
    """Entries, alerts and pumps are counted once; a killed worker is noticed, and its return too."""
    pumps = [f"M-{number}" for number in range(PUMPS)]
    publish(platform.kafka, [entry(pump, n, "5") for pump in pumps for n in range(1, ENTRIES_PER_PUMP + 1)])
    publish(platform.kafka, [heartbeat(pump, 1, source="battery", charging=False) for pump in pumps])
    publish(platform.kafka, [bounced("M-wrong", hospital="st-test")])
    entries = PUMPS * ENTRIES_PER_PUMP + 1

    _until(lambda: metrics.value("pumpwatch_rollup_entries", hospital="st-test", window="all") == entries)
    published = [score for score in scores(platform.kafka) if score.hospital == "st-test" and score.revision == 1]
    assert len(published) == entries
    errors = sum(score.verdict == "error" for score in published)
    assert metrics.value("pumpwatch_rollup_error_entries", hospital="st-test", window="24h") == errors >= 1
    # Alerts, pumps and the worker's own count come by ways of their own, later or sooner than the sums.
    _until(lambda: metrics.value("pumpwatch_alerts_open", hospital="st-test", kind="dose_entry_error"))
    _until(lambda: metrics.value("pumpwatch_pumps_online", hospital="st-test") == PUMPS)
    _until(lambda: metrics.value("pumpwatch_pumps_on_battery", hospital="st-test") == PUMPS)
    _until(lambda: (metrics.value("pumpwatch_pipeline_worker_records_total") or 0) >= entries)

    require("promtool", "prometheus")
    checked = subprocess.run(["promtool", "check", "metrics"], input=metrics.text(), capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")

    _until(lambda: metrics.health()[0] == 200)
    platform.worker.kill()
    _until(lambda: metrics.health()[1]["reason"].startswith("No stream worker "))
    assert metrics.health()[0] == 503
    _until(lambda: metrics.value("pumpwatch_pipeline_ok") == 0)
    platform.worker.start()
    _until(lambda: metrics.health()[0] == 200)

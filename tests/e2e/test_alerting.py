"""The whole chain of alerts on real servers: our metrics on Redis, Prometheus, Alertmanager, a receiver.

The files are the shipped ones but for addresses and times: scrapes every two seconds, evaluations every second, the
graces (`for`) of the alerts under test one second, and Alertmanager's waits short. That a cause comes before what
follows from it is left to the graces in the files (tests/contract/test_alertmanager.py); here the test sees to it.
"""

import asyncio
import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import start_http_server

from services.embedded.ports import LOOPBACK, free_port
from services.readmodel.connection import UNAVAILABLE, connect
from streams.sink import RedisAwayError
from streams.worker_metrics import WorkerMetrics
from tests.contract.alert_rules import PROMETHEUS, routing
from tests.made_read_model import beat, hear
from tests.servers.alertmanager import Alertmanager, Receiver
from tests.servers.processes import ServerProcess, require
from tests.servers.redis_server import RedisServer

pytestmark = pytest.mark.servers

TOKEN = "s3cret-token"
UNDER_TEST = {
    "PumpwatchRedisDown",
    "PumpwatchRedisWritesFail",
    "PumpwatchReadModelStale",
    "PumpwatchWorkerMetricsDown",
}
WITHIN_S = 120  # most takes seconds


class WorkerEndpoint:
    """The /metrics of a worker, with the metrics that a worker has."""

    def __init__(self) -> None:
        self.metrics = WorkerMetrics()
        self.address = f"{LOOPBACK}:{free_port()}"
        host, _, port = self.address.partition(":")
        self._server, _ = start_http_server(int(port), host, self.metrics.registry)
        self.metrics.lag.labels("pump.rollups.v1").set(0)
        self.metrics.last_progress.labels("read-model").set(time.time())

    def loses_redis(self) -> None:
        """Writes fail, and what came for the read model waits since five minutes."""
        self.metrics.redis_up.set(0)
        self.metrics.lag.labels("pump.rollups.v1").set(7)
        self.metrics.last_progress.labels("read-model").set(time.time() - 300)

    def finds_redis(self) -> None:
        """Writes succeed and nothing waits."""
        self.metrics.redis_up.set(1)
        self.metrics.lag.labels("pump.rollups.v1").set(0)

    def close(self) -> None:
        """Answer no longer; a second time does nothing."""
        self._server.shutdown()
        self._server.server_close()


class Pulse:
    """A worker and pumps that are heard every second, as long as Redis is there."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more beats."""
        self._stopped.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._stopped.wait(1):
            with suppress(*UNAVAILABLE, RedisAwayError):
                asyncio.run(self._once())

    async def _once(self) -> None:
        redis = connect(self._redis_url)
        try:
            await beat(redis)
            await hear(redis, "North", "N1", "online")
        finally:
            await redis.aclose()


class Chain:
    """Redis, our metrics, two workers' endpoints, Prometheus, Alertmanager and the receiver."""

    def __init__(self, redis: RedisServer, folder: Path, ended: ExitStack) -> None:
        require("prometheus", "prometheus")
        self.redis = redis
        self.receiver = Receiver()
        ended.callback(self.receiver.close)
        self.workers = [WorkerEndpoint(), WorkerEndpoint()]
        for worker in self.workers:
            ended.callback(worker.close)
        ended.callback(Pulse(redis.url).stop)
        metrics_port, port = free_port(), free_port()
        command = [sys.executable, "-m", "services.cli", "metrics", "--port", str(metrics_port)]
        env = {"PUMPWATCH_REDIS": redis.url, "PUMPWATCH_METRICS_TOKEN": TOKEN}
        self.metrics = ServerProcess("metrics", command, folder / "metrics.log", env)
        self.alertmanager = Alertmanager(folder / "alertmanager", _short_waits(routing(), self.receiver.url))
        config = _quick_prometheus(
            folder / "prometheus",
            {
                "pumpwatch-metrics": [f"{LOOPBACK}:{metrics_port}"],
                "pumpwatch-worker": [worker.address for worker in self.workers],
            },
            self.alertmanager.address,
        )
        command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'series'}"]
        # What is sent before Prometheus has found Alertmanager is lost, and would come again a minute later only.
        command += [f"--web.listen-address={LOOPBACK}:{port}", "--rules.alert.resend-delay=1s", "--log.level=warn"]
        self.prometheus = ServerProcess("Prometheus", command, folder / "prometheus.log")
        for process in (self.metrics, self.alertmanager.process, self.prometheus):
            ended.callback(process.kill)
        self.metrics.launch()
        self.alertmanager.start()
        self.prometheus.launch()


def _quick_prometheus(folder: Path, targets: dict[str, list[str]], alertmanager: str) -> Path:
    """The shipped configuration and rules with these addresses, scrapes and evaluations in seconds, graces of one."""
    shutil.copytree(PROMETHEUS, folder)
    (folder / "metrics_token").write_text(f"{TOKEN}\n")
    for path in (folder / "rules").glob("*.yml"):
        rules = yaml.safe_load(path.read_text())
        for rule in (rule for group in rules["groups"] for rule in group["rules"]):
            if rule.get("alert") in UNDER_TEST:
                rule["for"] = "1s"
        path.write_text(json.dumps(rules))
    config = yaml.safe_load((folder / "prometheus.yml").read_text())
    config["global"] |= {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "1s"}
    config["alerting"]["alertmanagers"][0]["static_configs"] = [{"targets": [alertmanager]}]
    for job in config["scrape_configs"]:
        job["static_configs"] = [{"targets": targets[job["job_name"]]}]
    path = folder / "prometheus.yml"
    path.write_text(json.dumps(config))
    return path


def _short_waits(shipped: dict[str, Any], url: str) -> dict[str, Any]:
    """The shipped routes with waits of a second, to this receiver."""
    routes = [shipped["route"], *shipped["route"]["routes"]]
    for route in routes:
        route |= {"group_wait": "1s", "group_interval": "1s"}
    for route in routes:
        if route["receiver"] == "dead-mans-switch":
            route["repeat_interval"] = "2s"
    for receiver in shipped["receivers"]:
        receiver["webhook_configs"][0]["url"] = f"{url}/{receiver['name']}"
    return shipped


@pytest.fixture(scope="module")
def chain(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """The chain, with everything well."""
    with ExitStack() as ended:
        yield Chain(redis_server, tmp_path_factory.mktemp("chain"), ended)


def _until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {WITHIN_S} s"
        time.sleep(0.1)


def test_conditions_reach_people_with_what_follows_from_them_left_out(chain: Chain):
    """Redis stops: one message to who is on call, its consequences kept back; it returns: the end is told.

    Two workers that are gone are one message. The dead-man's switch comes all the while.
    """
    receiver = chain.receiver
    _until(lambda: len(receiver.got("dead-mans-switch", "Watchdog")) >= 2, "repeated watchdog")

    chain.redis.stop()
    _until(lambda: receiver.got("on-call", "PumpwatchRedisDown"), "message that Redis is down")
    for worker in chain.workers:
        worker.loses_redis()
    follow = {"PumpwatchRedisWritesFail", "PumpwatchReadModelStale"}
    _until(lambda: follow <= chain.alertmanager.suppressed(), "inhibited alerts")
    assert not follow & receiver.names("on-call")
    down, *_ = receiver.got("on-call", "PumpwatchRedisDown")
    (alert,) = down["alerts"]
    assert alert["labels"] == {"alertname": "PumpwatchRedisDown", "platform": "production", "severity": "critical"}
    assert alert["annotations"]["summary"] == "Redis does not answer"
    assert alert["annotations"]["runbook"] == "docs/monitoring.md#pumpwatchredisdown"

    for worker in chain.workers:
        worker.finds_redis()
    chain.redis.start()
    _until(lambda: receiver.got("on-call", "PumpwatchRedisDown", "resolved"), "end of Redis being down")

    for worker in chain.workers:
        worker.close()
    gone = {worker.address for worker in chain.workers}
    _until(
        lambda: any(
            {alert["labels"]["instance"] for alert in message["alerts"]} == gone
            for message in receiver.got("biomedical-engineering", "PumpwatchWorkerMetricsDown")
        ),
        "message about both workers",
    )
    watched = len(receiver.got("dead-mans-switch", "Watchdog"))
    _until(lambda: len(receiver.got("dead-mans-switch", "Watchdog")) > watched, "watchdog afterwards")
    assert receiver.names("dead-mans-switch") == {"Watchdog"}
    assert "Watchdog" not in receiver.names("on-call") | receiver.names("biomedical-engineering")

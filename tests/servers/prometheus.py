"""Debian's Prometheus on loopback: what it scrapes every second, and what its queries answer."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.embedded.ports import LOOPBACK, free_port
from tests.servers.processes import ServerProcess, require

Series = tuple[dict[str, str], list[float]]
"""Labels, and the values in the order of time."""


class Prometheus:
    """One server that scrapes `/metrics` of the targets, given as jobs with addresses of host and port."""

    def __init__(self, directory: Path, jobs: Mapping[str, Sequence[str]]) -> None:
        require("prometheus", "prometheus")
        directory.mkdir(parents=True, exist_ok=True)
        port = free_port()
        self.url = f"http://{LOOPBACK}:{port}"
        scraped = [{"job_name": job, "static_configs": [{"targets": list(found)}]} for job, found in jobs.items()]
        config = directory / "prometheus.json"  # JSON is YAML
        settings = {"global": {"scrape_interval": "1s"}, "scrape_configs": scraped}
        config.write_text(json.dumps(settings))
        command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory / 'series'}"]
        command += [f"--web.listen-address={LOOPBACK}:{port}", "--log.level=warn"]
        self.process = ServerProcess("Prometheus", command, directory / "prometheus.log")

    def start(self, within_s: float = 60) -> None:
        """Start and wait until it takes queries."""
        self.process.launch()
        self.process.wait_until(self._ready, within_s)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5):  # noqa: S310 (our own)
                return True
        except OSError:
            return False

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()

    def now(self, expression: str) -> list[Series]:
        """What an instant query answers; a refused one is an error that has Prometheus' words."""
        return [(one["metric"], [float(one["value"][1])]) for one in self._ask("query", query=expression)["result"]]

    def last_minute(self, expression: str) -> list[Series]:
        """What a range query over the last minute answers, in steps of a second."""
        at = time.time()
        found = self._ask("query_range", query=expression, start=str(at - 60), end=str(at), step="1")
        return [(one["metric"], [float(value) for _, value in one["values"]]) for one in found["result"]]

    def values_of(self, label: str, metric: str) -> list[str]:
        """The values that a label has on a metric, sorted."""
        return self._ask(f"label/{label}/values", **{"match[]": metric})

    def _ask(self, what: str, **parameters: str) -> Any:
        url = f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 (our own)
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {json.load(error)['error']}") from None

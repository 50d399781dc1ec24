"""`pumpwatch worker` as a child process that tests kill, stop and wait for."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from services.embedded.ports import LOOPBACK, free_port
from tests.servers.processes import ServerProcess


class Worker:
    """One stream worker on the given Kafka and Redis, with its own data folder and health port."""

    def __init__(self, name: str, kafka: str, redis_url: str, directory: Path, env: Mapping[str, str]) -> None:
        directory.mkdir(parents=True)
        self.port = free_port()
        settings = {
            "PUMPWATCH_KAFKA": kafka,
            "PUMPWATCH_REDIS": redis_url,
            "PUMPWATCH_DATA_DIR": str(directory),
            "PUMPWATCH_WORKER_PORT": str(self.port),
            # The shortest session a broker accepts: a killed worker's partitions are free again after it.
            "PUMPWATCH_SESSION_TIMEOUT_S": "6",
            "PUMPWATCH_LOG_FORMAT": "json",
            **env,
        }
        command = [sys.executable, "-m", "services.cli", "worker"]
        self.process = ServerProcess(name, command, directory / "worker.log", settings)

    def start(self, within_s: float = 120) -> None:
        """Start and wait until it has partitions and makes progress."""
        self.process.launch()
        self.wait_ready(within_s)

    def wait_ready(self, within_s: float = 120) -> None:
        """Wait until /healthz says 200."""
        self.process.wait_until(self.healthy, within_s)

    def healthy(self) -> bool:
        """Whether /healthz answers 200 now."""
        return self.health()[0] == 200

    def health(self) -> tuple[int, dict]:
        """Return the status and the JSON of /healthz; status 0 while nothing listens."""
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self.port}/healthz", timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, {}
        except (OSError, ValueError):
            return 0, {}

    def metrics(self) -> str:
        """Return the text of /metrics."""
        with urllib.request.urlopen(f"http://{LOOPBACK}:{self.port}/metrics", timeout=30) as answer:
            return answer.read().decode()

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()

    def terminate(self, within_s: float = 30) -> int:
        """SIGTERM; returns the exit code.

        A worker gives up after 6 s and so ends within 10; one that does not is found out on a loaded machine too.
        """
        return self.process.terminate(within_s)

    def wait(self, within_s: float) -> int:
        """Wait until it ends by itself and return the exit code."""
        return self.process.wait(within_s)

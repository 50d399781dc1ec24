"""Debian's Alertmanager on loopback, and a receiver that keeps what Alertmanager posts to it."""

import json
import threading
import urllib.request
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from services.embedded.ports import LOOPBACK, free_port
from tests.servers.processes import ServerProcess, require


class Alertmanager:
    """One Alertmanager that speaks to no other, with the configuration given."""

    def __init__(self, directory: Path, configuration: Mapping[str, Any]) -> None:
        require("prometheus-alertmanager", "prometheus-alertmanager")
        directory.mkdir(parents=True, exist_ok=True)
        self.address = f"{LOOPBACK}:{free_port()}"
        config = directory / "alertmanager.json"  # JSON is YAML
        config.write_text(json.dumps(configuration))
        command = ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={directory / 'state'}"]
        command += [f"--web.listen-address={self.address}", "--cluster.listen-address=", "--log.level=warn"]
        self.process = ServerProcess("Alertmanager", command, directory / "alertmanager.log")

    def start(self, within_s: float = 60) -> None:
        """Start and wait until it takes alerts."""
        self.process.launch()
        self.process.wait_until(self._ready, within_s)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def suppressed(self) -> set[str]:
        """Names of the alerts that fire and are kept back because of another one."""
        with urllib.request.urlopen(f"http://{self.address}/api/v2/alerts", timeout=30) as answer:
            known = json.load(answer)
        return {alert["labels"]["alertname"] for alert in known if alert["status"]["inhibitedBy"]}


class Receiver:
    """Takes notifications at `/NAME` and keeps them by that name, in the order of their arrival."""

    def __init__(self) -> None:
        kept: dict[str, list[dict[str, Any]]] = {}

        class Webhook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept.setdefault(self.path.strip("/"), []).append(json.loads(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Notifications are kept, not printed."""

        self._kept = kept
        self._server = ThreadingHTTPServer((LOOPBACK, 0), Webhook)
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()

    def got(self, receiver: str, alert: str, status: str = "firing") -> list[dict[str, Any]]:
        """The notifications of a group of this alert that came to a receiver."""
        return [
            each
            for each in list(self._kept.get(receiver, []))
            if each["groupLabels"].get("alertname", "Watchdog") == alert and each["status"] == status
        ]

    def names(self, receiver: str) -> set[str]:
        """Every alert that a receiver ever heard of."""
        return {alert["labels"]["alertname"] for each in list(self._kept.get(receiver, [])) for alert in each["alerts"]}

"""`pumpwatch worker`: one stream worker with its /metrics and /healthz."""

from __future__ import annotations

import gc
import hmac
import json
import os
import shutil
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import faust
import structlog
import uvloop
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.logs import configure
from streams.app import StreamWorker
from streams.settings import Settings, is_loopback

if TYPE_CHECKING:
    import signal

log = structlog.get_logger()

# The consumer and the producers live in threads of their own and wait for the interpreter lock; with the default of
# 5 ms every hand-over between them costs that much while the event loop is busy.
SWITCH_S = 0.0005
# Nearly all that is kept lives long and holds no cycles; looking for them again and again took a third of the time.
# Few objects die in cycles (exceptions with their frames), so looking seldom costs little memory.
GC_AFTER = (100_000, 20, 100)
# EX_SOFTWARE of sysexits.h: a supervisor starts the worker again.
STUCK = 70
# A stop is done in less. In the middle of a rebalance, or with Kafka away, it cannot be; what is unfinished then is
# read again by whoever takes over.
STOP_WITHIN_S = 6.0


def run(settings: Settings) -> None:
    """Run a worker until it is told to stop. Raises NotReadyError where it cannot start."""
    configure(settings.log_format)
    uvloop.install()
    sys.setswitchinterval(SWITCH_S)
    stream = StreamWorker(settings, die)
    stream.prepare()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_AFTER)
    server = serve(stream, settings) if settings.worker_port else None
    worker = BoundedWorker(stream.app, loglevel="error", override_logging=False, redirect_stdouts=False, quiet=True)
    log.info("worker starts", group=settings.group, kafka=settings.kafka)
    try:
        worker.execute_from_commandline()
    finally:
        if server is not None:
            server.shutdown()
        stream.close()
        shutil.rmtree(stream.app.conf.datadir, ignore_errors=True)
        log.info("worker stopped")


def die(reason: str) -> None:
    """End the process at once, before anything unfinished is acknowledged."""
    log.critical("worker exits", reason=reason)
    sys.stderr.flush()
    os._exit(STUCK)


class BoundedWorker(faust.Worker):
    """Faust's worker process, whose stop ends in time whatever it waits for."""

    def __init__(self, *services: Any, **options: Any) -> None:
        super().__init__(*services, **options)
        self.spinner = None  # it would write cursor commands into the log

    def _schedule_shutdown(self, number: signal.Signals) -> None:
        timer = threading.Timer(STOP_WITHIN_S, _give_up)
        timer.daemon = True
        timer.start()
        super()._schedule_shutdown(number)


def _give_up() -> None:
    log.warning("stopped without finishing what was in work; it will be read again")
    sys.stderr.flush()
    os._exit(0)


def serve(stream: StreamWorker, settings: Settings) -> ThreadingHTTPServer:
    """Serve /metrics and /healthz from a thread, so that they answer even when the event loop is stuck."""
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None

    class Endpoints(BaseHTTPRequestHandler):
        timeout = 10  # seconds; a caller that says nothing must not keep a thread

        def do_GET(self) -> None:
            said = self.headers.get("Authorization", "").encode()
            if token and not hmac.compare_digest(said, f"Bearer {token}".encode()):
                self._answer(HTTPStatus.UNAUTHORIZED, "text/plain", b"a bearer token is required\n")
            elif self.path == "/metrics":
                self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(stream.metrics.registry))
            elif self.path == "/healthz":
                healthy, body = stream.signs.health()
                status = HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE
                self._answer(status, "application/json", json.dumps(body).encode())
            else:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"/metrics and /healthz\n")

        def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Scrapes are no news."""

    if not is_loopback(settings.worker_host) and not token:
        raise SystemExit("PUMPWATCH_WORKER_HOST is not loopback: set PUMPWATCH_METRICS_TOKEN as well")
    server = ThreadingHTTPServer((settings.worker_host, settings.worker_port), Endpoints)
    threading.Thread(target=server.serve_forever, name="worker-http", daemon=True).start()
    return server

"""What `pumpwatch up` runs: its programs, their ports and secrets, and what the loss of each one means."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import sys
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import redis

from services import topics
from services.board.passwords import generate_password
from services.embedded.broker import CLIENT_SETTINGS, Broker
from services.embedded.child import Program
from services.embedded.ports import LOOPBACK, free_ports
from services.embedded.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_ANSWER_S = 1.0
# On a small machine the stream goes before those who watch it, above all while everything starts at once.
_SCREENS = 5
# A loaded machine needs this long for the imports of a worker and the joining of its group.
_PYTHON_READY_S = 60.0
# Real pumps are too quiet for a demo. So simulated nurses are busier the fewer pumps there are, they slip more often
# than in the 0.7% of entries published for hospitals (Husch 2005), and the pumps' clocks begin in the past and catch
# up, so that infusions on battery are there to be seen too. Judgement: a few alerts in the first ten seconds and then
# one or two a minute. The terminal says all of it.
SLIP_RATE = 0.1
PAST_MIN, CATCH_UP_SPEED = 20, 40
_BUSY_PUMPS, _BUSIEST = 10_000, 100
# Connection settings of the caller are for other servers than ours.
_FOREIGN = (
    *("PUMPWATCH_KAFKA", "PUMPWATCH_REDIS", "PUMPWATCH_METRICS_TOKEN", "PUMPWATCH_WORKER_HOST"),
    *("PUMPWATCH_ACCOUNTS", "PUMPWATCH_OIDC"),
)


@dataclass(frozen=True, slots=True)
class Platform:
    """Ports, secrets and folder of one run, and how many pumps are simulated."""

    folder: Path
    broker: Broker
    valkey: Valkey
    worker_port: int
    board_port: int
    metrics_port: int
    user: str
    pumps: int
    password: str = field(repr=False)

    @classmethod
    def in_folder(cls, folder: Path, user: str, password: str | None, pumps: int) -> Platform:
        """Choose free ports and generate the secrets. Raises EmbeddedMissingError without the wheels."""
        broker, valkey, worker, board, metrics = free_ports(5)
        return cls(
            folder=folder,
            broker=Broker.on(broker),
            valkey=Valkey.on(valkey, folder),
            worker_port=worker,
            board_port=board,
            metrics_port=metrics,
            user=user,
            pumps=pumps,
            password=password or generate_password(),
        )

    @property
    def board_url(self) -> str:
        """What to type into a browser."""
        return f"http://{LOOPBACK}:{self.board_port}"

    @property
    def metrics_url(self) -> str:
        """What Prometheus scrapes."""
        return f"http://{LOOPBACK}:{self.metrics_port}/metrics"

    def addresses(self) -> dict[str, str]:
        """Everything another program needs to join in; secrets included."""
        return {
            "kafka": self.broker.address,
            "redis": self.valkey.url,
            "board": self.board_url,
            "metrics": self.metrics_url,
            "user": self.user,
            "password": self.password,
        }

    def programs(self) -> Iterator[Program]:
        """All programs in the order in which they start."""
        yield Program(
            name="broker",
            command=self.broker.command(),
            ready=self.broker.ready,
            prepare=self._prepare_broker,
            lost="its records were in memory and are lost, so topics are made anew and the read model is emptied",
            stop_signal=signal.SIGKILL,  # it waits 5 s for its clients otherwise, and has nothing to save
            stops_last=True,
        )
        yield Program(
            name="valkey",
            command=self.valkey.command(),
            ready=self.valkey.ready,
            env=self._environment(),
            repair=_pumpwatch("rebuild-redis"),
            lost="what it held is read again from the topics",
            stops_last=True,
        )
        yield self._ours("worker", ["worker"], self._worker_health, needs=("broker",))
        yield self._ours(
            "board", ["board", "--port", str(self.board_port)], f"{self.board_url}/login", niceness=_SCREENS
        )
        yield self._ours("metrics", ["metrics", "--port", str(self.metrics_port)], self.metrics_url, niceness=_SCREENS)
        if self.pumps:
            yield Program(
                name="pumps",
                command=_pumpwatch("simulate", *self._simulation()),
                ready=self._pumps_heard,
                env=self._environment(),
                needs=("broker",),
                ready_within_s=_PYTHON_READY_S,
            )

    def _ours(
        self, name: str, arguments: Sequence[str], url: str, *, needs: tuple[str, ...] = (), niceness: int = 0
    ) -> Program:
        return Program(
            name=name,
            command=_pumpwatch(*arguments),
            ready=lambda: answers_ok(url),
            env=self._environment(),
            needs=needs,
            niceness=niceness,
            ready_within_s=_PYTHON_READY_S,
        )

    @property
    def busy(self) -> float:
        """How many times as often as in real life something happens on each pump."""
        return min(_BUSIEST, max(1, _BUSY_PUMPS / self.pumps))

    def _simulation(self) -> list[str]:
        start = datetime.now(UTC) - timedelta(minutes=PAST_MIN)
        return [
            *("--pumps", str(self.pumps)),
            *("--seed", str(secrets.randbelow(2**31))),
            *("--start", start.isoformat(timespec="seconds")),
            *("--speed", str(CATCH_UP_SPEED)),
            *("--busy", f"{self.busy:g}"),
            *("--slip-rate", str(SLIP_RATE)),
            *("--truth", str(self.folder / "truth.ndjson")),
        ]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        return kept | {
            "PUMPWATCH_KAFKA": self.broker.address,
            "PUMPWATCH_REDIS": self.valkey.url,
            "PUMPWATCH_DATA_DIR": str(self.folder),
            "PUMPWATCH_WORKER_PORT": str(self.worker_port),
            "PUMPWATCH_BOARD_USER": self.user,
            "PUMPWATCH_BOARD_PASSWORD": self.password,
            "PUMPWATCH_LOG_FORMAT": "json",
            **CLIENT_SETTINGS,
        }

    def records_handled(self) -> int:
        """Return how many records the worker has finished since it started; 0 while it does not answer."""
        try:
            with urllib.request.urlopen(self._worker_health, timeout=_ANSWER_S) as answer:  # noqa: S310 - our own address
                return sum(json.load(answer)["records"].values())
        except (OSError, ValueError, KeyError):
            return 0

    @property
    def _worker_health(self) -> str:
        return f"http://{LOOPBACK}:{self.worker_port}/healthz"

    def _prepare_broker(self, again: bool) -> None:  # noqa: FBT001 - the interface of Program.prepare
        topics.create({"bootstrap.servers": self.broker.address}, configs=False)
        if again:
            # A Valkey that is down holds nothing either.
            with contextlib.suppress(redis.RedisError):
                self.valkey.flush()

    def _pumps_heard(self) -> bool:
        """Whether a pump's event has come through the broker and the worker into Valkey."""
        try:
            with self.valkey.client() as client:
                return bool(client.exists("pw:hospitals"))
        except redis.RedisError:
            return False


def answers_ok(url: str) -> bool:
    """Whether a GET is answered with 200 now."""
    try:
        with urllib.request.urlopen(url, timeout=_ANSWER_S) as answer:  # noqa: S310 - our own http addresses
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def _pumpwatch(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "services.cli", *arguments]

"""One run of `pumpwatch up`: start, tell how to get in, follow the alerts, sum up, end."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from rich.text import Text

from schemas import topics
from services.embedded import counts
from services.embedded.follow import AlertFollower, line
from services.embedded.platform import PAST_MIN, SLIP_RATE
from services.embedded.supervisor import Supervisor

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from services.embedded.platform import Platform

_LOOK_EVERY_S = 0.1
# More than a screen in one look helps nobody; the board has them all.
_MOST_LINES = 20
# What is on its way when the pumps stop gets this long to arrive.
_DRAIN_S, _QUIET_S = 6.0, 1.0


class Session:
    """Drives the supervisor and talks to the person at the terminal."""

    def __init__(self, platform: Platform, console: Console) -> None:
        self._platform = platform
        self._console = console
        self._supervisor = Supervisor(platform.folder / "logs", self._report)
        self._follower = AlertFollower(platform.valkey.client())
        self._stopping = False
        self._started = time.monotonic()
        self._first_alert = False
        for program in platform.programs():
            self._supervisor.add(program)

    def ask_to_stop(self) -> None:
        """End soon; asked a second time, end at once. Safe in a signal handler."""
        self._supervisor.hurry = self._stopping
        self._stopping = True

    def run(self, for_s: float | None, ready_file: Path | None) -> None:
        """Run until asked to stop or `for_s` seconds after all was ready. Raises ChildFailedError."""
        pumps = " and pumps" if self._platform.pumps else ""
        self._console.print(f"Starting broker, Valkey, worker, board, metrics{pumps} ...", style="dim")
        try:
            self._supervisor.start(lambda: self._stopping)
            if self._stopping:
                return
            if ready_file is not None:
                write_private(ready_file, json.dumps(self._platform.addresses()) + "\n")
            self._welcome()
            self._follow_until(None if for_s is None else time.monotonic() + for_s)
            if not self._stopping:
                self._drain()
                self._sum_up(time.monotonic() - self._started)
        finally:
            self._supervisor.stop()
            self._console.print("Everything has ended.", style="dim")

    def _follow_until(self, deadline: float | None) -> None:
        while not self._stopping and (deadline is None or time.monotonic() < deadline):
            self._look()

    def _look(self) -> None:
        self._supervisor.step()
        found = self._follower.poll()
        for alert in found[:_MOST_LINES]:
            self._console.print(line(alert))
        if len(found) > _MOST_LINES:
            self._console.print(f"... and {len(found) - _MOST_LINES} more; the board has them all", style="dim")
        if found and not self._first_alert:
            self._first_alert = True
            waited = time.monotonic() - self._started
            self._console.print(f"(the first alert, {waited:.1f} s after the start)", style="dim")
        time.sleep(_LOOK_EVERY_S)

    def _drain(self) -> None:
        """End the pumps and let what they sent arrive, so that the counts belong together."""
        if self._platform.pumps:
            self._supervisor.dismiss("pumps")
        give_up = time.monotonic() + _DRAIN_S
        seen, quiet_since = -1, time.monotonic()
        while not self._stopping and time.monotonic() < min(give_up, quiet_since + _QUIET_S):
            self._look()
            if (records := self._platform.records_handled()) != seen:
                seen, quiet_since = records, time.monotonic()

    def _sum_up(self, seconds: float) -> None:
        declared = topics.load()
        found = counts.count_records(self._platform.broker.address, declared)
        dead = sum(count for name, count in found.items() if name.endswith(".dlq"))
        alerts = self._follower.count()
        self._console.print()
        self._console.print(f"In {seconds:.0f} s, counted in the topics and the alert feed:", style="bold")
        for count, what in (
            (found[topics.KEYSTROKES], "events from keypads"),
            (found[topics.POWER], "power events"),
            (found[topics.DOSE_SCORES], "scores of dose entries"),
            (found[topics.POWER_EPISODES], "records of infusing on battery"),
            (sum(alerts.values()), "alerts: " + ", ".join(f"{n} {severity}" for severity, n in alerts.items())),
            (dead, "dead letters"),
        ):
            self._console.print(f"  {count:>9,} {what}")

    def _welcome(self) -> None:
        platform = self._platform
        pumps = f"{platform.pumps:,} simulated pumps" if platform.pumps else "no pumps yet"
        self._console.print(f"Pumpwatch runs with {pumps}, {time.monotonic() - self._started:.1f} s after the start.")
        for name, value in (
            ("board", platform.board_url),
            ("user", platform.user),
            ("password", platform.password),
            ("metrics", platform.metrics_url),
            ("kafka", platform.broker.address),
            ("logs", str(platform.folder / "logs")),
        ):
            self._console.print(Text.assemble(f"  {name:<9} ", (value, "bold")))
        if platform.pumps:
            often = f"{round(platform.busy, 1):g} times as many entries a pump, " if platform.busy > 1 else ""
            self._console.print(
                f"  A demo, busier than life: {often}a slip in {SLIP_RATE:.0%} of the entries, "
                f"and the pumps' clocks begin {PAST_MIN} min ago and catch up in a minute."
            )
        self._console.print("Alerts follow as they come; Ctrl-C ends everything.\n", style="dim")

    def _report(self, what: str) -> None:
        self._console.print(Text(f"{time.strftime('%H:%M:%S')} {what}", "magenta"))


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read; it appears at once and whole."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    part.replace(path)

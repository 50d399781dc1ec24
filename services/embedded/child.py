"""One program that the supervisor runs, and the process that currently is it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.embedded.tether import tethered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

# Judgement: the first restart is at once, a child that keeps ending is tried every 15 s, and one that stood for
# half a minute starts again with a clean record.
FIRST_WAIT_S, LONGEST_WAIT_S, STOOD_S = 0.2, 15.0, 30.0


@dataclass(frozen=True, slots=True)
class Program:
    """What to run and what it depends on.

    `needs` names programs that must be ready before this one is started; when one of them ends, this one is ended
    too and started again after it. `prepare` runs whenever the program is ready, before those that need it start;
    its argument is false the first time. `repair` is a command to run once whenever it is ready again. `lost` says
    what the end of this program means, beyond its restart. `env` is its whole environment, or None for ours.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    env: Mapping[str, str] | None = field(default=None, repr=False)
    needs: tuple[str, ...] = ()
    prepare: Callable[[bool], None] | None = None
    repair: Sequence[str] = ()
    lost: str = ""
    ready_within_s: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    stops_last: bool = False
    niceness: int = 0


class Child:
    """The state of one program: not started, starting, ready, or waiting for its next start."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self.log = log
        self.ready = False
        self.starts = 0
        self.next_start = 0.0
        self._wait_s = FIRST_WAIT_S
        self._launched = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None else None

    @property
    def running(self) -> bool:
        """Whether it was launched and its end was not yet noticed."""
        return self._process is not None

    def launch(self) -> None:
        """Start the process in a session of its own, tied to this one; call it from the main thread."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command lines
                tethered(list(self.program.command), self.program.niceness),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.program.env,
                start_new_session=True,
            )
        self.starts += 1
        self._launched = time.monotonic()

    def starting_s(self) -> float:
        """Seconds since the launch."""
        return time.monotonic() - self._launched

    def ended(self) -> int | None:
        """Return the exit code if the process has ended since it was last asked, negative for a signal."""
        if self._process is None or (code := self._process.poll()) is None:
            return None
        self._process = None
        self.ready = False
        return code

    def schedule(self) -> float:
        """Set the time of the next start, later each time, and return the seconds until then."""
        if self.starting_s() > STOOD_S:
            self._wait_s = FIRST_WAIT_S
        wait_s, self._wait_s = self._wait_s, min(LONGEST_WAIT_S, self._wait_s * 3)
        self.next_start = time.monotonic() + wait_s
        return wait_s

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole process group."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """End it now and forget the process."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._process = None
        self.ready = False

    def last_words(self) -> str:
        """Return the last line of its log that says something, at most 400 characters."""
        with contextlib.suppress(OSError):
            lines = self.log.read_text(errors="replace")[-4000:].splitlines()
            return next((line.strip()[-400:] for line in reversed(lines) if line.strip()), "")
        return ""

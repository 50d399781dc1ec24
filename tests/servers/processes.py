"""Real server processes for tests: in their own group, tied to the test run, with their log at hand."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path

from services.embedded.tether import tethered

# The processes of this test run, so that a failing test can show the end of their logs.
STARTED: "weakref.WeakSet[ServerProcess]" = weakref.WeakSet()


class ServerError(RuntimeError):
    """A server did not start, stop or answer; the message ends with the tail of its log."""


def require(program: str, package: str) -> None:
    """Fail with what to install when a program is missing."""
    if shutil.which(program) is None:
        raise ServerError(f"{program} is missing and the tests need it: apt-get install {package}")


class ServerProcess:
    """One child process in its own process group, whose output goes to a file that survives restarts."""

    def __init__(self, name: str, command: list[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None
        STARTED.add(self)

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal, or None while it runs."""
        return None if self._process is None else self._process.poll()

    def launch(self) -> None:
        """Start the process without waiting for it to be ready."""
        assert not self.running, f"{self.name} is running already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                tethered(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool], within_s: float) -> None:
        """Poll `ready` until it is true; a process that ended or a passed deadline is a failure."""
        deadline = time.monotonic() + within_s
        while not ready():
            if not self.running:
                raise ServerError(f"{self.name} ended with {self.returncode}\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} was not ready after {within_s:.0f} s\n{self.tail()}")
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        """Send a signal to the whole group, if it is still there."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def wait(self, within_s: float) -> int:
        """Wait for the end and return the exit code."""
        assert self._process is not None, f"{self.name} was never started"
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise ServerError(f"{self.name} still runs after {within_s:.0f} s\n{self.tail()}") from None

    def terminate(self, within_s: float = 30) -> int:
        """SIGTERM, then wait; a process that does not end in time is killed and reported."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait(within_s)
        except ServerError:
            self.kill()
            raise

    def kill(self) -> None:
        """SIGKILL to the group, and reap."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(10)

    def tail(self, lines: int = 40) -> str:
        """Return the last lines of the log."""
        if not self.log.exists():
            return "(no log)"
        last = self.log.read_text(errors="replace").splitlines()[-lines:]
        return f"--- {self.log} ---\n" + "\n".join(last)

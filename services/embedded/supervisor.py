"""Runs several programs: starts them in order, restarts one that ends, says so in one line, leaves none behind.

One thread and no waiting inside: the owner calls `step` a few times a second. Each child has a process group of its
own, so that Ctrl-C reaches only the supervisor, and is tied to it, so that none outlives even a `kill -9` of it.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from services.embedded.child import Child, Program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_POLL_S = 0.05


class ChildFailedError(Exception):
    """A program did not start; the message says which, why, and where its log is."""


class Supervisor:
    """Keeps the programs running until it is told to stop."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._say = say
        self._children: dict[str, Child] = {}
        self._repairs: list[Child] = []
        self.hurry = False
        """Set it to end every child at once in a `stop` that is under way."""

    def add(self, program: Program) -> None:
        """Take a program on; `step` starts it as soon as what it needs is ready."""
        self._children[program.name] = Child(program, self._logs / f"{program.name}.log")

    def start(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Start everything and return when all is ready, or early when `stopped()`.

        Raises ChildFailedError when one does not make it the first time.
        """
        while not self.all_ready() and not stopped():
            self.step(first_time=True)
            time.sleep(_POLL_S)

    def all_ready(self) -> bool:
        """Whether every program is ready now."""
        return all(child.ready for child in self._children.values())

    def pid(self, name: str) -> int | None:
        """Process id of a program while it runs."""
        return self._children[name].pid

    def step(self, *, first_time: bool = False) -> None:
        """Look at every child once: notice ends, start what may start, and see who has become ready."""
        self._look_at_repairs()
        for child in self._children.values():
            if (code := child.ended()) is not None:
                how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended ({code})"
                self._gone(child, how, first_time=first_time)
            elif not child.running:
                if self._may_start(child):
                    child.launch()
            elif not child.ready:
                self._look_if_ready(child, first_time=first_time)

    def _may_start(self, child: Child) -> bool:
        needed = (self._children[name] for name in child.program.needs)
        return time.monotonic() >= child.next_start and all(other.ready for other in needed)

    def _look_if_ready(self, child: Child, *, first_time: bool) -> None:
        program = child.program
        if program.ready():
            again = child.starts > 1
            try:
                if program.prepare is not None:
                    program.prepare(again)
            except Exception as error:  # noqa: BLE001 - whatever it met, the answer is the same: start over
                child.kill()
                self._gone(child, f"could not be prepared: {error}", first_time=first_time)
                return
            child.ready = True
            if again:
                self._say(f"{program.name} runs again after {child.starting_s():.1f} s")
                if program.repair:
                    self._start_repair(program)
        elif child.starting_s() > program.ready_within_s:
            child.kill()
            self._gone(child, f"was not ready after {program.ready_within_s:.0f} s", first_time=first_time)

    def _start_repair(self, program: Program) -> None:
        repair = Program(f"repair of {program.name}", program.repair, ready=lambda: True, env=program.env)
        self._repairs.append(Child(repair, self._logs / f"{program.name}-repair.log"))
        self._repairs[-1].launch()

    def _look_at_repairs(self) -> None:
        for child in list(self._repairs):
            if (code := child.ended()) is not None:
                self._repairs.remove(child)
                how = "is done" if code == 0 else f"failed ({code})"
                self._say(f"{child.program.name} {how}: {child.last_words() or 'nothing was said'}")

    def _gone(self, child: Child, how: str, *, first_time: bool) -> None:
        name = child.program.name
        if first_time:
            words = f": {last}" if (last := child.last_words()) else ""
            raise ChildFailedError(f"{name} {how}{words} (log: {child.log})")
        wait_s = child.schedule()
        along = [other for other in self._children.values() if name in other.program.needs and other.running]
        for other in along:
            other.kill()
        when = "now" if wait_s < 1 else f"in {wait_s:.0f} s"
        lost = f"; {child.program.lost}" if child.program.lost else ""
        with_them = f", and with it {', '.join(other.program.name for other in along)}" if along else ""
        self._say(f"{name} {how}{lost}; it starts again {when}{with_them}")

    def stop(self, grace_s: float = 7.0) -> None:
        """Ask every child to end, kill what is left after the grace, and leave no process."""
        first = [child for child in self._children.values() if not child.program.stops_last]
        first += self._repairs
        last = [child for child in self._children.values() if child.program.stops_last]
        self._end(first, grace_s)
        self._end(last, 1.0)

    def dismiss(self, name: str, grace_s: float = 3.0) -> None:
        """End one program for good."""
        self._end([self._children.pop(name)], grace_s)

    def _end(self, children: list[Child], grace_s: float) -> None:
        for child in children:
            child.signal(child.program.stop_signal)
        deadline = time.monotonic() + grace_s
        while any(child.running for child in children) and time.monotonic() < deadline and not self.hurry:
            for child in children:
                child.ended()
            time.sleep(_POLL_S)
        for child in children:
            if child.running:
                self._say(f"{child.program.name} did not end within {grace_s:.0f} s and was killed")
                child.kill()

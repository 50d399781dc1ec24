"""The supervisor with small real child processes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from services.embedded.child import Program
from services.embedded.supervisor import ChildFailedError, Supervisor


def script(folder, name, body):
    """Return a command that runs `body` after writing its pid to `<name>.pid`."""
    path = folder / f"{name}.py"
    path.write_text(
        f"import os, pathlib, signal, sys, time\npid = pathlib.Path({str(folder)!r}, '{name}.pid')\n"
        f"part = pid.with_suffix('.part')\npart.write_text(str(os.getpid()))\n{textwrap.dedent(body)}\n"
    )
    return [sys.executable, "-I", "-S", str(path)]


SLEEPS = "part.rename(pid)\ntime.sleep(300)"
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\npart.rename(pid)\ntime.sleep(300)"


class Fixture:
    def __init__(self, folder):
        self.folder = folder
        self.said = []
        self.supervisor = Supervisor(folder / "logs", self.said.append)

    def program(self, name, body=SLEEPS, **more):
        pid = self.folder / f"{name}.pid"
        more.setdefault("ready", pid.exists)
        return Program(name, script(self.folder, name, body), **more)

    def add(self, *args, **more):
        self.supervisor.add(self.program(*args, **more))

    def kill(self, name):
        """Kill -9 a child, as an operator or the kernel would; return the pid it had."""
        pid = self.supervisor.pid(name)
        (self.folder / f"{name}.pid").unlink()
        os.kill(pid, signal.SIGKILL)
        return pid

    def until(self, condition, within_s=60):
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, self.said
            self.supervisor.step()
            time.sleep(0.01)


@pytest.fixture
def running(tmp_path):
    fixture = Fixture(tmp_path)
    yield fixture
    fixture.supervisor.hurry = True
    fixture.supervisor.stop()


def gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_killed_child_is_reported_in_one_line_and_runs_again(running):
    """`kill -9` of one child: one line says so, a new process takes its place, the others are not touched."""
    running.add("worker")
    running.add("board")
    running.supervisor.start()
    board = running.supervisor.pid("board")
    old = running.kill("worker")
    running.until(lambda: len(running.said) == 2 and running.supervisor.all_ready())
    assert running.said[0] == "worker was killed (SIGKILL); it starts again now"
    assert running.said[1].startswith("worker runs again after ")
    assert running.supervisor.pid("worker") != old
    assert running.supervisor.pid("board") == board


def test_what_needs_a_lost_program_is_started_again_after_it(running):
    """The broker's loss is said with what it means; it is prepared anew before the worker starts on it."""
    order = []
    running.add("broker", prepare=lambda again: order.append(("prepared", again)), lost="its records are lost")
    running.add("worker", needs=("broker",), prepare=lambda again: order.append(("worker", again)))
    running.supervisor.start()
    old = running.supervisor.pid("worker")
    (running.folder / "worker.pid").unlink()
    running.kill("broker")
    running.until(lambda: len(running.said) >= 3 and running.supervisor.all_ready())
    assert running.said[0] == (
        "broker was killed (SIGKILL); its records are lost; it starts again now, and with it worker"
    )
    assert order == [("prepared", False), ("worker", False), ("prepared", True), ("worker", True)]
    assert gone(old)


def test_what_was_lost_is_repaired_when_the_program_is_ready_again(running):
    """The repair runs once beside everything else, and its last line is reported with its outcome."""
    repair = [sys.executable, "-I", "-S", "-c", "print('12 records read again')"]
    running.add("valkey", repair=repair)
    running.supervisor.start()
    assert running.said == []
    running.kill("valkey")
    running.until(lambda: len(running.said) == 3)
    assert running.said[2] == "repair of valkey is done: 12 records read again"


def test_a_child_that_keeps_ending_is_tried_less_and_less_often(running):
    """Each failure waits three times as long as the one before, and is reported with its exit code."""
    running.add("board", body="part.rename(pid)\nsys.exit('port 80 is taken')", ready=lambda: True)
    supervisor = running.supervisor
    running.until(lambda: len([line for line in running.said if "ended" in line]) >= 4)
    waits = [line for line in running.said if "ended" in line][:4]
    assert [line.rpartition("again ")[2] for line in waits] == ["now", "now", "in 2 s", "in 5 s"]
    assert all("board ended (1)" in line for line in waits)
    assert supervisor.pid("board") is None


def test_a_child_that_does_not_start_is_an_error_with_its_last_words(running):
    """At the first start there is nothing to wait for: the command fails and says why and where to look."""
    running.add("board", body="sys.exit('port 80 is taken')")
    with pytest.raises(ChildFailedError, match=r"board ended \(1\): port 80 is taken \(log: .*board\.log\)"):
        running.supervisor.start()


def test_a_child_that_hangs_while_starting_is_killed_and_reported(running):
    """A child that lives but never becomes ready does not hold the start for ever."""
    running.add("worker", ready=lambda: False, ready_within_s=0.3)
    with pytest.raises(ChildFailedError, match="worker was not ready after 0 s"):
        running.supervisor.start()


def test_stop_ends_every_child_and_kills_the_stubborn_one(running):
    """SIGTERM ends the willing at once; the one that ignores it is killed after the grace."""
    running.add("broker", stops_last=True)
    running.add("worker", body=STUBBORN)
    running.add("board")
    running.supervisor.start()
    pids = [running.supervisor.pid(name) for name in ("broker", "worker", "board")]
    running.supervisor.stop(grace_s=3)
    assert all(gone(pid) for pid in pids)
    assert running.said == ["worker did not end within 3 s and was killed"]


def test_no_child_outlives_a_supervisor_killed_with_9(tmp_path):
    """The kernel ends the children of a supervisor that could not say goodbye."""
    body = f"""
    import sys, time
    sys.path.insert(0, {str(Path.cwd())!r})
    from pathlib import Path
    from services.embedded.child import Program
    from services.embedded.supervisor import Supervisor
    supervisor = Supervisor(Path({str(tmp_path)!r}) / "logs", print)
    for name in ("one", "two"):
        command = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(300)"]
        supervisor.add(Program(name, command, ready=lambda: True))
    supervisor.start()
    print(supervisor.pid("one"), supervisor.pid("two"), flush=True)
    time.sleep(300)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(body)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2
    assert not any(gone(pid) for pid in pids)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 60
    while not all(gone(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)

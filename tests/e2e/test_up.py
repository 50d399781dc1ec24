"""`pumpwatch up` as a newcomer meets it: one command, alerts within seconds, nothing left behind."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest
import redis
from confluent_kafka.admin import AdminClient

from services.embedded.tether import tethered

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

# Six processes start in a few seconds; on a loaded machine each of them may take its whole minute.
WITHIN_S = 150


class Up:
    """One `pumpwatch up` with its output in a file, and the processes it has started."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.output = folder / "output"
        self.ready_file = folder / "ready.json"
        command = [sys.executable, "-m", "services.cli", "up", "--ready-file", str(self.ready_file), *options]
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                tethered(command),
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PUMPWATCH_DATA_DIR": str(folder / "runs"), "COLUMNS": "200"},
                start_new_session=True,
            )

    @property
    def text(self):
        return self.output.read_text()

    def until(self, condition, within_s=WITHIN_S):
        deadline = time.monotonic() + within_s
        while True:
            ended = self.process.poll() is not None  # asked first: what it said last counts too
            if found := condition():
                return found
            assert not ended, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)

    def ready(self):
        self.until(self.ready_file.exists)
        return json.loads(self.ready_file.read_text())

    def said(self, pattern):
        return self.until(lambda: re.search(pattern, self.text))

    def children(self):
        """Every living process that belongs to this run, whoever its parent is."""
        mine = str(self.folder)
        found = {}
        for process in psutil.process_iter():
            try:
                if process.pid != self.process.pid and any(mine in part for part in self._traces(process)):
                    found[process.pid] = process
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        for process in psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else ():
            found[process.pid] = process
        return found

    @staticmethod
    def _traces(process):
        return [process.environ().get("PUMPWATCH_DATA_DIR", ""), *process.cmdline()]

    def child(self, word):
        """The pid of the child whose command line has this word."""
        return next(pid for pid, process in self.children().items() if word in process.cmdline())


@pytest.fixture
def up(tmp_path):
    started = []

    def start(*options):
        started.append(Up(tmp_path, *options))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()


def test_one_command_shows_an_alert_and_sums_up(up):
    """Everything starts, the ready file lets another program in, and the summary is what really went through."""
    run = up("--pumps", "50", "--for", "20")
    ready = run.ready()
    assert stat.S_IMODE(run.ready_file.stat().st_mode) == 0o600
    assert set(ready) == {"kafka", "redis", "board", "metrics", "user", "password"}
    assert AdminClient({"bootstrap.servers": ready["kafka"]}).list_topics(timeout=30).topics["pump.alerts.v1"]
    with redis.Redis.from_url(ready["redis"], decode_responses=True) as client:
        assert client.smembers("pw:hospitals")
    for url in (f"{ready['board']}/login", ready["metrics"]):
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own addresses
            assert answer.status == 200
    assert len(run.children()) >= 6
    waited = run.said(r"\(the first alert, (\d+\.\d) s after the start\)")
    ready_after = run.said(r"50 simulated pumps, (\d+\.\d) s after the start")
    assert float(waited[1]) >= float(ready_after[1])
    assert re.search(r"\d\d:\d\d:\d\d (CRITICAL|WARNING|INFO) .*: [\d.,]+ → [\d.,]+ ", run.text), run.text
    assert run.process.wait(WITHIN_S) == 0, run.text
    what = r"events from keypads|power events|scores of dose entries|alerts|dead letters"
    found = re.findall(rf"^ +([\d,]+) ({what})", run.text, re.MULTILINE)
    counts = {name: int(number.replace(",", "")) for number, name in found}
    assert counts["power events"] >= 50
    assert counts["events from keypads"] >= counts["scores of dose entries"] > 0
    assert counts["alerts"] > 0
    assert counts["dead letters"] == 0
    assert run.children() == {}


def test_ctrl_c_ends_every_child(up):
    """SIGINT at the terminal: exit code 0, and no process of the run is left."""
    run = up("--pumps", "5")
    run.ready()
    assert len(run.children()) >= 6
    os.kill(run.process.pid, signal.SIGINT)
    assert run.process.wait(30) == 0, run.text  # eight seconds are the most that it gives them
    assert run.children() == {}
    assert run.text.rstrip().endswith("Everything has ended.")


def test_no_child_outlives_a_kill_9(up):
    """A supervisor that cannot say goodbye takes its children with it all the same."""
    run = up("--pumps", "5")
    run.ready()
    run.process.kill()
    run.process.wait()
    deadline = time.monotonic() + 30
    while run.children():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_killed_children_are_reported_and_alerts_go_on(up):
    """Worker, Valkey and broker killed with -9 one after the other: each is said, and afterwards alerts still come."""
    run = up("--pumps", "100")
    ready = run.ready()
    os.kill(run.child("worker"), signal.SIGKILL)
    run.said(r"worker was killed \(SIGKILL\); it starts again now")
    run.said(r"worker runs again after")
    os.kill(next(pid for pid, process in run.children().items() if process.name() == "valkey-server"), signal.SIGKILL)
    run.said(r"valkey was killed \(SIGKILL\); what it held is read again from the topics")
    run.said(r"repair of valkey is done: Redis rebuilt")
    with redis.Redis.from_url(ready["redis"]) as client:
        assert client.exists("pw:hospitals")
    os.kill(next(pid for pid, process in run.children().items() if process.name() == "tansu"), signal.SIGKILL)
    run.said(r"broker was killed \(SIGKILL\); its records were in memory and are lost")
    run.said(r"pumps runs again after")
    with redis.Redis.from_url(ready["redis"], decode_responses=True) as client:
        run.until(lambda: [1 for name in client.smembers("pw:hospitals") if client.xlen(f"pw:feed:{name}")])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--pumps", "-1"], "--pumps"),
        (["--for", "0"], "--for"),
        (["--ready-file", "/nowhere/ready.json"], "--ready-file /nowhere/ready.json cannot be written"),
        (["--data-dir", "/dev/null/x"], "--data-dir /dev/null/x cannot be used"),
    ],
)
def test_bad_input_is_one_clear_line(options, sentence):
    """A wrong option is named; there is no traceback and the exit code is not 0."""
    command = [sys.executable, "-m", "services.cli", "up", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr

"""The two commands as a person calls them."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest

from services.pumps.truth import EntryTruth, SilenceTruth, read

START = "2026-11-01T00:00:00Z"
NOW = datetime.now(UTC).isoformat(timespec="seconds")


def pumpwatch(*arguments, stdin=b"", **environment):
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
        env=os.environ | environment,
    )


def test_a_simulation_to_a_file_is_repeatable_and_its_truth_fits(tmp_path):
    """The summary counts what the file holds; the truth names every committed entry of it, and nothing else."""
    outcomes = []
    for number in (1, 2):
        out, truth = tmp_path / f"{number}.ndjson", tmp_path / f"{number}.truth"
        done = pumpwatch(
            "simulate", "--pumps", 40, "--speed", 0, "--for", 3600, "--busy", 30, "--slip-rate", 0.05, "--start", START,
            "--seed", 4, "--out", out, "--truth", truth,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        outcomes.append((out.read_bytes(), truth.read_bytes()))
    assert outcomes[0] == outcomes[1]
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    entries = {line["entry"]: line["commit"] for line in lines if line.get("commit")}
    told = {one.entry: one for one in read(truth) if isinstance(one, EntryTruth)}
    assert len(set(entries) - set(told)) <= 2  # committed in the last second, told just after it
    assert set(told) <= set(entries)
    assert all(entries[name]["value"] == one.typed for name, one in told.items())
    assert f"{len(entries)} entries in".encode() in done.stdout
    assert any(one.slip for one in told.values())


def test_a_replay_to_standard_output_has_the_files_rows(real_logs):
    """Events on stdout, the summary on stderr; the log may come on stdin."""
    done = pumpwatch(
        "replay", "-", "--fast", "--only", "keystrokes", "--out", "-", "--hospital", "eicu-144", "--start", START,
        stdin=real_logs["eicu"].read_bytes(),
    )  # fmt: skip
    assert done.returncode == 0
    commits = [line for line in map(json.loads, done.stdout.splitlines()) if line["commit"]]
    assert len({line["entry"] for line in commits}) == 372
    assert Counter(line["hospital"] for line in commits) == {"eicu-144": 372}
    summary = done.stderr.decode()
    assert "19,519 rows, left out: 19,078 of another hospital, 52 no number, 17 not a number" in summary
    assert "372 entries" in summary


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["simulate", "--speed", "0.5"], "--speed 0.5"),
        (["simulate", "--speed", "0"], "--speed 0 needs --for"),
        (["simulate", "--speed", "0", "--for", "99999999", "--out", "-"], "--for: at most 34 days"),
        (["simulate", "--start", "yesterday"], "--start yesterday: not a time"),
        (["simulate", "--start", "2026-11-01T00:00:00"], "has no time zone"),
        (["simulate", "--start", "2001-01-01T00:00:00Z"], "34 days ago to 23 h ahead"),
        (["simulate", "--speed", "0", "--for", "864000", "--start", NOW], "more than 23 h ahead"),
        (["simulate", "--truth", "/nowhere/truth"], "/nowhere/truth: No such file"),
        (["replay", "/nowhere/log.csv"], "/nowhere/log.csv: No such file"),
        (["replay", __file__], "no column `hospital`"),
        (["simulate"], "PUMPWATCH_KAFKA: `nonsense` is not host:port"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(arguments, line):
    done = pumpwatch(*arguments, PUMPWATCH_KAFKA="nonsense")
    assert done.returncode == 2
    assert line in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert done.stdout == b""


def test_a_log_without_a_usable_row_is_refused(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("hospital,care_area,pump,at,drug,unit,value\nH,ICU,P,2026-11-01T00:00:00Z,D,mL/h,none\n")
    done = pumpwatch("replay", path, "--out", "-")
    assert done.returncode == 2
    assert b"no usable row: 1 not a number" in done.stderr


def test_a_missing_kafka_is_one_line():
    done = pumpwatch("simulate", PUMPWATCH_KAFKA="127.0.0.1:1")
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert "Kafka at 127.0.0.1:1 does not answer" in line


def test_sigterm_ends_a_simulation_with_its_summary(tmp_path):
    """As the supervisor of `pumpwatch up` stops it: exit 0, and the file is whole."""
    out = tmp_path / "out.ndjson"
    command = [sys.executable, "-m", "services.cli", "simulate", "--pumps", "3000", "--out", out]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not (out.exists() and out.stat().st_size):
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        said, wrong = process.communicate(timeout=30)
    assert (process.returncode, wrong) == (0, b"")
    assert b"3,000 pumps in 4 hospitals" in said
    assert all(json.loads(line)["test"] for line in out.read_text().splitlines())


def test_a_hospitals_network_can_be_simulated(tmp_path):
    """Power events are in order of arrival: some are behind a newer one of their pump, and the truth tells silences."""
    out, truth = tmp_path / "out.ndjson", tmp_path / "out.truth"
    done = pumpwatch(
        "simulate", "--pumps", 40, "--speed", 0, "--for", 7200, "--start", START, "--seed", 4, "--only", "power",
        "--hospital-network", "--out", out, "--truth", truth,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    newest, behind, seen = {}, 0, Counter()
    for event in map(json.loads, out.read_text().splitlines()):
        behind += event["seq"] < newest.get(event["pump"], -1)
        newest[event["pump"]] = max(event["seq"], newest.get(event["pump"], -1))
        seen[event["id"]] += 1
    assert behind > 100
    assert set(seen.values()) == {1, 2}
    assert any(isinstance(one, SilenceTruth) for one in read(truth))

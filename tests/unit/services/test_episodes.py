"""`pumpwatch episodes`, as it is run on the command line."""

import io
import json
import subprocess
import sys

import pytest

from schemas.codec import decode, encode
from schemas.events import Alert, PowerEpisode
from services.ndjson import numbered_lines
from tests.made_power import Pump


def run(*arguments, given=b""):
    """The command in a process of its own: exit code, standard output and standard error."""
    command = [sys.executable, "-m", "services.cli", "episodes", *map(str, arguments)]
    ended = subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)
    return ended.returncode, ended.stdout, ended.stderr.decode()


def lines(*pumps):
    """Half an hour on battery with an hour to go, for each pump, as NDJSON."""
    events = []
    for pump in pumps:
        events += [pump.battery(minute, 50 - minute, drugs=["Norepinephrine"]) for minute in range(30)]
        events += [pump.mains(30), pump.mains(40)]
    return b"".join(encode(event) + b"\n" for event in events)


def test_revisions_go_to_stdout_and_alerts_to_their_file(tmp_path):
    """Every revision of every episode, one JSON object a line."""
    file, alerts = tmp_path / "power.ndjson", tmp_path / "alerts.ndjson"
    file.write_bytes(lines(Pump("P1"), Pump("P2", care_area="Ward 3")))
    code, out, err = run(file, "--alerts", alerts)
    assert (code, err) == (0, "")
    revisions = [decode(PowerEpisode, line) for line in out.splitlines()]
    ends = [revision for revision in revisions if revision.ended_at is not None]
    assert [(end.pump, end.minutes, end.cause) for end in ends] == [("P1", 30, "practice"), ("P2", 30, "practice")]
    raised = [decode(Alert, line) for line in alerts.read_bytes().splitlines()]
    assert {(alert.pump, alert.kind, alert.severity) for alert in raised if alert.revision == 1} == {
        (pump, kind, severity)
        for pump in ("P1", "P2")
        for kind, severity in (("unplugged_infusion", "warning"), ("battery_empty_soon", "critical"))
    }
    assert [alert.state for alert in raised][-1] == "resolved"


def test_standard_input_is_a_dash():
    """The same events from a pipe."""
    code, out, _ = run("-", given=lines(Pump("P1")))
    assert code == 0
    assert json.loads(out.splitlines()[0])["revision"] == 1


def test_bad_lines_are_reported_with_their_number_and_the_rest_counts(tmp_path):
    """Exit code 1 in the end, no traceback."""
    good = lines(Pump("P1")).splitlines(keepends=True)
    first = good[0].rstrip(b"\n")
    bad = [
        b"no json\n",
        first.replace(b'"seq":1,', b'"seq":"one",') + b"\n",
        first + b"\n",
        b"\n",
        b"x" * 600_000 + b"\n",
    ]
    file = tmp_path / "power.ndjson"
    file.write_bytes(good[0] + b"".join(bad) + b"".join(good[1:]))
    code, out, err = run(file)
    reports = err.splitlines()
    assert code == 1
    assert reports[0].startswith(f"{file}:2: ")
    assert "`seq`" in reports[1]
    assert "came before" in reports[2]
    assert reports[3].startswith(f"{file}:6: ")
    assert "bytes" in reports[3]
    assert reports[4] == "pumpwatch: 4 of the events were refused; the others are counted"
    assert len(reports) == 5
    assert decode(PowerEpisode, out.splitlines()[-1]).minutes == 30


@pytest.mark.parametrize("arguments", [["missing.ndjson"], ["."], ["-", "--alerts", "no/such/folder/a.ndjson"]])
def test_files_that_cannot_be_opened_are_named_in_one_line(arguments):
    """Exit code 2."""
    code, out, err = run(*arguments)
    assert (code, out) == (2, b"")
    assert err.startswith("pumpwatch: cannot ")
    assert err.count("\n") == 1


def test_lines_are_numbered_as_in_an_editor_and_endless_ones_are_cut():
    """Empty lines count but are passed over."""
    source = io.BytesIO(b"one\r\n\n" + b"x" * 1_000_000 + b"\nlast")
    read = list(numbered_lines(source))
    assert [number for number, _ in read] == [1, 3, 4]
    assert [read[0][1], read[2][1]] == [b"one", b"last"]
    assert len(read[1][1]) < 300_000

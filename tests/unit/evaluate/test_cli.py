"""`pumpwatch evaluate` on the command line."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.evaluate import cli


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from services.cli import main; main()", "evaluate", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)


@pytest.fixture(scope="module")
def ran(few_logs, tmp_path_factory) -> tuple[subprocess.CompletedProcess, Path]:
    plots = tmp_path_factory.mktemp("plots") / "new"
    return run("--quick", "--json", "--data", str(few_logs), "--plots", str(plots), "--seed", "5"), plots


def test_it_writes_all_figures_as_json_and_says_nothing_else(ran):
    """Cold and warm, all models side by side, with every breakdown; where the plots are is said on standard error."""
    done, _ = ran
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["seed"], found["quick"]) == (5, True)
    side_by_side = ["limits", "ratio", "svm", "ours", "oracle"]
    assert list(found["cold"]["models"]) == [*side_by_side, "of_slips", "of_hospital"]
    assert list(found["warm"]["models"]) == list(found["warm"]["second_half"]) == [*side_by_side, "of_slips"]
    assert [one["name"] for one in found["aims"] if one["ours"] is None] == []
    assert {"by_slip", "by_drug", "by_layout", "by_hospital", "at_rates", "other_slips"} <= set(found["cold"])
    assert found["cold"]["models"]["ours"]["at"]["1_in_200"]["false_alarms"] <= 1 / 200
    assert found["warm"]["corrections"] > 0
    assert len(done.stderr.splitlines()) == 4


def test_it_draws_calibration_and_precision(ran):
    """Four PNG files, cold and warm."""
    _, plots = ran
    drawn = sorted(path.name for path in plots.iterdir())
    assert drawn == [
        "cold-calibration.png", "cold-precision-recall.png", "warm-calibration.png", "warm-precision-recall.png",
    ]  # fmt: skip
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in plots.iterdir())


def test_tables_hold_every_model_and_slip(ran):
    """What the terminal shows is made of the same report."""
    import io

    import msgspec
    from rich.console import Console

    from services.evaluate.report import Report
    from services.evaluate.tables import tables

    done, _ = ran
    out = io.StringIO()
    for table in tables(msgspec.json.decode(done.stdout, type=Report)):
        Console(file=out, width=200).print(table)
    for name in ("Pumpwatch", "oracle", "one-class SVM", "adjacent_key", "alaris_8015", "Calibration, warm"):
        assert name in out.getvalue()


def test_missing_logs_are_one_clear_line(tmp_path):
    """The line names the file and the remedy."""
    done = run("--data", str(tmp_path))
    assert done.returncode == 2
    assert not done.stdout
    (line,) = done.stderr.splitlines()
    assert str(tmp_path) in line
    assert "--data" in line


def test_logs_without_entries_are_one_clear_line(few_logs, tmp_path):
    """Files with a header and nothing else: the line says how many values are needed."""
    for log in few_logs.iterdir():
        with gzip.open(log, "rt", encoding="utf-8") as file:
            header = file.readline()
        with gzip.open(tmp_path / log.name, "wt", encoding="utf-8") as file:
            file.write(header)
    done = run("--data", str(tmp_path))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "0 entered values" in line
    assert "200 are needed" in line


def test_a_missing_package_is_one_clear_line(monkeypatch, capsys):
    """Without the extra, the remedy is named."""
    monkeypatch.setattr(cli, "NEEDED", ("numpy", "no_such_package"))
    with pytest.raises(SystemExit) as ended:
        cli._require()
    assert ended.value.code == 2
    assert "pip install 'pumpwatch[evaluate]'" in capsys.readouterr().err


def test_help_has_an_example():
    """And names the sub-commands."""
    done = run("--help")
    assert done.returncode == 0
    assert "Example: pumpwatch evaluate" in done.stdout
    assert "power" in done.stdout

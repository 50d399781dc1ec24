"""`pumpwatch report`: its files, its refusals and the days that it takes."""

import asyncio
import csv
import json
import re
import sys
from datetime import date

import pytest
import typer
from markupsafe import escape
from typer.testing import CliRunner

from schemas.codec import encode
from services.reports.cli import Last, last_whole, report
from tests.made_read_model import store, store_rollups
from tests.made_reports import day
from tests.unit.reports.conftest import HOSPITAL, VIENNA, pump_fault

app = typer.Typer()
app.command()(report)
OPTIONS = ["--hospital", HOSPITAL, "--zone", "Europe/Vienna"]
DAYS = ["--from", "2026-10-17", "--to", "2026-10-30"]


def run(*options):
    return CliRunner().invoke(app, [*OPTIONS, *map(str, options)])


@pytest.fixture(scope="module")
def written(made, tmp_path_factory):
    """The files of one run from a file of rollups, and that file."""
    folder = tmp_path_factory.mktemp("report")
    file = folder / "rollups.ndjson"
    file.write_bytes(b"".join(encode(rollup) + b"\n" for rollup in made.rollups))
    done = run(*DAYS, "--rollups", file, "--out", folder / "out")
    assert done.exit_code == 0, done.stderr
    return folder / "out", done


def test_four_kinds_of_files_are_written_and_named(written):
    """The page, JSON, a folder of CSV and the PDF; nothing half written is left."""
    folder, done = written
    base = f"{HOSPITAL}_2026-10-17_2026-10-30"
    names = [f"{base}.html", f"{base}.json", f"{base}_tables", f"{base}.pdf"]
    assert done.stdout.split() == [str(folder / name) for name in names]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert (folder / f"{base}.pdf").read_bytes().startswith(b"%PDF-")
    assert not list(folder.rglob("*.part"))


def test_csv_and_json_hold_every_table_whole(written, made):
    """Their rows are those of the report, intervals in three columns; JSON says what each figure means."""
    folder, _ = written
    document = json.loads((folder / f"{HOSPITAL}_2026-10-17_2026-10-30.json").read_text())
    assert [table["name"] for table in document["tables"]] == [table.name for table in made.report.tables]
    for table in document["tables"]:
        with (folder / f"{HOSPITAL}_2026-10-17_2026-10-30_tables" / f"{table['name']}.csv").open() as lines:
            header, *rows = csv.reader(lines)
        assert header == table["columns"]
        # A spreadsheet takes what begins with + for a formula, unless it is quoted.
        assert [[cell.removeprefix("'") for cell in row] for row in rows] == [
            ["" if cell is None else str(cell) for cell in row] for row in table["rows"]
        ]
        assert all(one["means"] for one in table["definitions"].values())
    by_limit = next(table for table in document["tables"] if table["name"] == "overrides_by_limit")
    assert by_limit["columns"][-3:] == ["override_rate", "override_rate_low", "override_rate_high"]
    assert [row[:3] for row in by_limit["rows"]] == [list(row[:3]) for row in made.tables["overrides_by_limit"].rows]


def test_the_page_needs_nothing_else(written, made):
    """No script, nothing loaded from elsewhere, every table with its caption, every chart with a text of its own."""
    page = (written[0] / f"{HOSPITAL}_2026-10-17_2026-10-30.html").read_text()
    assert "<script" not in page
    assert not [part for part in ("src=", "@import", "url(") if part in page]
    charts = re.findall("<svg[^>]*>", page)
    assert len(charts) >= 4
    assert all('role="img"' in one and 'aria-label="' in one for one in charts)
    assert all(escape(table.title) in page for table in made.report.tables)


async def test_a_report_from_redis_says_what_one_from_the_topic_says(redis, redis_url, made, written, tmp_path):
    """And has the pumps for the workshop beside, from the alerts."""
    await store_rollups(redis, *made.rollups)
    await store(redis, pump_fault("P7", "keypad_fault", day(20)))
    done = await asyncio.to_thread(run, *DAYS, "--redis", redis_url, "--out", tmp_path)
    assert done.exit_code == 0, done.stderr
    name = f"{HOSPITAL}_2026-10-17_2026-10-30.json"
    here, there = (json.loads((folder / name).read_text())["tables"] for folder in (tmp_path, written[0]))
    for ours, theirs in zip(here, there, strict=True):
        if ours["name"] != "keypad_faults":
            for row, other in zip(ours["rows"], theirs["rows"], strict=True):
                assert row == pytest.approx(other), ours["name"]
    assert [row[0] for table in here if table["name"] == "keypad_faults" for row in table["rows"]] == ["P7"]


async def test_a_hospital_that_nobody_heard_of_is_one_clear_line(redis, redis_url):
    """So is a Redis that is away."""
    done = await asyncio.to_thread(run, *DAYS, "--redis", redis_url)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"pumpwatch: --hospital {HOSPITAL}: nothing was heard of it")
    away = await asyncio.to_thread(run, *DAYS, "--redis", "redis://127.0.0.1:1/0")
    assert away.stderr == "pumpwatch: Redis does not answer; start it, or set PUMPWATCH_REDIS\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "give the first and the last day with --from and --to, or --last week"),
        (["--from", "2026-10-17"], "give the first and the last day with --from and --to, or --last week"),
        (["--from", "2026-02-30", "--to", "2026-03-01"], "--from 2026-02-30: no such day; give one as 2026-11-01"),
        (["--from", "2026-10-17", "--to", "2026-10-01"], "--to 2026-10-01 is before --from 2026-10-17"),
        (["--last", "week", "--to", "2026-10-01"], "--last names the days by itself; leave --from and --to out"),
        ([*DAYS, "--zone", "Nowhere"], "--zone Nowhere: no such time zone; give one as Europe/Vienna"),
        ([*DAYS, "--rollups", "nowhere.ndjson"], "cannot read nowhere.ndjson: No such file or directory"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_one_clear_line(options, said):
    """It names the option."""
    done = run(*options)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"pumpwatch: {said}\n")


def test_a_line_that_is_no_rollup_is_named(tmp_path):
    """With its number."""
    file = tmp_path / "rollups.ndjson"
    file.write_text('{"entries": 1}\n')
    assert run(*DAYS, "--rollups", file).stderr.startswith(f"pumpwatch: {file}:1: field `id` is missing;")


def test_a_period_of_which_nothing_is_known_is_told(made, written):
    """No empty report is written."""
    done = run("--from", "2020-01-01", "--to", "2020-01-07", "--rollups", written[0].parent / "rollups.ndjson")
    assert done.stderr == f"pumpwatch: nothing is known of {HOSPITAL} from 2020-01-01 to 2020-01-07\n"
    assert done.exit_code == 1


def test_without_pango_all_but_the_pdf_is_written(made, written, tmp_path, monkeypatch):
    """One sentence says what helps."""

    class NoPango:
        def find_spec(self, name, *_):
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr("services.reports.cli.NEEDED", ())
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])
    done = run(*DAYS, "--rollups", written[0].parent / "rollups.ndjson", "--out", tmp_path)
    assert done.exit_code == 1
    assert done.stderr.startswith(
        "pumpwatch: the PDF was not written, all else was: WeasyPrint needs the system library"
    )
    assert len(done.stderr.splitlines()) == 1
    assert len(done.stdout.split()) == 3


def test_the_last_week_and_month_are_over():
    """Monday to Sunday, and from the first to the last of the month."""
    tuesday = date(2026, 11, 24)
    assert last_whole(Last.WEEK, tuesday, VIENNA)[:2] == (date(2026, 11, 16), date(2026, 11, 22))
    assert last_whole(Last.WEEK, date(2026, 11, 23), VIENNA)[:2] == (date(2026, 11, 16), date(2026, 11, 22))
    assert last_whole(Last.MONTH, date(2026, 1, 1), VIENNA)[:2] == (date(2025, 12, 1), date(2025, 12, 31))

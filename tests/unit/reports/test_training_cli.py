"""`pumpwatch training`, `pumpwatch benchmarks` and `pumpwatch report --peers`, over sums in Redis."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import typer
import yaml
from typer.testing import CliRunner

from schemas.events import Rollup
from services.reports.benchmarks_cli import benchmarks
from services.reports.cli import report
from services.reports.training_cli import training
from tests.made_read_model import store_rollups

HOSPITALS = [f"clinic {number}" for number in range(101, 109)]
UNITS = ["Ward 1", "Ward 2", "Ward 3", "Ward 4", "Ward 5"]
BEGINS = datetime(2026, 8, 24, 12, tzinfo=UTC)
TRAINED = datetime(2026, 9, 28, tzinfo=UTC)
DAYS = 70

app = typer.Typer()
for command in (benchmarks, report, training):
    app.command()(command)


async def run(*arguments):
    return await asyncio.to_thread(CliRunner().invoke, app, [str(one) for one in arguments])


def rollups(hospitals, days, seed):
    """A rollup a day of each unit; Ward 1 has three times the decimal slips until its training."""
    dice = np.random.default_rng(seed)
    for hospital in hospitals:
        for number in range(days):
            at = BEGINS + timedelta(days=number)
            for unit in UNITS:
                slips = int(dice.poisson(6.0 if unit == "Ward 1" and at < TRAINED else 2.0))
                yield Rollup(
                    id=f"{hospital} {unit} {number}",
                    hospital=hospital,
                    care_area=unit,
                    at=at,
                    drug="heparin",
                    hour=at,
                    partition=0,
                    through={"pump.keystrokes.v1": (number, 0)},
                    entries=1000,
                    error=slips + int(dice.poisson(3)),
                    corrected=slips,
                    corrected_slips={"missing_decimal": slips} if slips else {},
                    harm={"high": slips} if slips else {},
                )


@pytest.fixture
async def heard(redis, redis_url):
    """Ten weeks of a hospital in Redis, and where it is."""
    await store_rollups(redis, *rollups(["st-test"], DAYS, seed=1))
    return redis_url


async def test_a_unit_that_needs_a_lesson_is_named_first(heard):
    """Ward 1 needs decimal entry, and nobody anything else."""
    days = ["--from", "2026-08-24", "--to", "2026-09-27"]
    said = await run("training", "--hospital", "st-test", *days, "--redis", heard, "--json")
    assert said.exit_code == 0, said.stderr
    first, *rest = [json.loads(line) for line in said.stdout.splitlines()]
    assert (first["unit"], first["lesson"], first["verdict"]) == ("Ward 1", "Decimal entry", "needed")
    assert first["times_low"] < 3 < first["times_high"]
    # 6 a day instead of 2: 120 in 30 days, but for chance.
    assert 100 < first["avoidable"] < 140
    assert {row["verdict"] for row in rest if "verdict" in row} == {"as elsewhere", "not enough data"}
    table = await run("training", "--hospital", "st-test", *days, "--redis", heard)
    assert "Write and key a zero before the" in table.stdout


async def test_what_a_training_changed_is_told_beside_the_other_units(heard):
    """A third as many decimal slips in Ward 1 since its training; of the other lessons there is not enough data."""
    options = ["--unit", "Ward 1", "--since-training", "2026-09-28"]
    said = await run("training", "--hospital", "st-test", *options, "--redis", heard, "--json")
    assert said.exit_code == 0, said.stderr
    rows = {row["lesson"]: row for row in map(json.loads, said.stdout.splitlines())}
    decimal = rows.pop("Decimal entry")
    assert decimal["change_low"] < 1 / 3 < decimal["change_high"] < 1
    assert decimal["verdict"] == "fewer than without the training"
    assert {row["verdict"] for row in rows.values()} == {"not enough data"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "give the first and the last day with --from and --to, or --since-training"),
        (["--since-training", "2026-09-28"], "--since-training needs --unit, the care area that was trained"),
        (["--from", "2026-10-17", "--to", "2026-10-01"], "no day that is over lies between them"),
        (["--since-training", "soon", "--unit", "Ward 1"], "--since-training soon: no such day"),
    ],
)
async def test_bad_input_is_one_clear_line(options, said):
    """It names the option."""
    done = await run("training", "--hospital", "st-test", *options)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


async def test_a_unit_that_nobody_heard_of_is_told(heard):
    """It may be misspelled."""
    options = ["--unit", "ward 1", "--since-training", "2026-09-28"]
    done = await run("training", "--hospital", "st-test", *options, "--redis", heard)
    assert (done.exit_code, "--unit ward 1: nothing was entered there" in done.stderr) == (1, True)


@pytest.fixture
def peers(tmp_path):
    """A peers file of eight hospitals, of which the last opted out."""
    file = tmp_path / "peers.yaml"
    hospitals = {name: {"pumps": 900} for name in HOSPITALS}
    file.write_text(yaml.safe_dump({"hospitals": hospitals, "opted_out": {HOSPITALS[-1]: "2026-08"}}))
    return file


async def test_a_hospital_is_told_where_it_stands_and_nothing_of_any_other(redis, redis_url, peers, tmp_path):
    """From a month's benchmarks, published once, and its own sums; who opted out is told that it did."""
    await store_rollups(redis, *rollups(HOSPITALS, 7, seed=2))
    told = await run("benchmarks", "--peers", peers, "--month", "2026-08", "--redis", redis_url)
    assert told.exit_code == 0, told.stderr
    file = peers.parent / "benchmarks/2026-08.json"
    assert told.stdout.splitlines() == [str(file), "large general: 1 measures"]
    again = await run("benchmarks", "--peers", peers, "--month", "2026-08", "--redis", redis_url)
    assert (again.exit_code, "a month is published once" in again.stderr) == (1, True)
    for hospital in (HOSPITALS[0], HOSPITALS[-1]):
        days = ["--from", "2026-08-24", "--to", "2026-08-30", "--out", tmp_path / "out"]
        done = await run("report", "--hospital", hospital, *days, "--peers", peers, "--redis", redis_url)
        assert done.exit_code == 0, done.stderr
        name = f"{hospital.replace(' ', '-')}_2026-08-24_2026-08-30"
        page = (tmp_path / f"out/{name}.html").read_text()
        document = (tmp_path / f"out/{name}.json").read_text()
        for other in set(HOSPITALS) - {hospital}:
            assert other not in page
            assert other not in document
        (table,) = [one for one in json.loads(document)["tables"] if one["name"] == "peers"]
        if hospital == HOSPITALS[-1]:
            assert table["rows"] == []
            assert "This hospital opted out" in page
        else:
            row = dict(zip(table["columns"], table["rows"][0], strict=True))
            assert (row["measure"], row["verdict"]) == ("flagged entries", "as usual")
            assert row["times"] == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(
    ("month", "said"), [("2026-13", "no such month; give one as 2026-10"), ("2999-01", "--month 2999-01 is not over")]
)
async def test_a_month_that_is_none_or_not_over_is_refused(peers, month, said):
    """Of a month that goes on, two versions could be had."""
    done = await run("benchmarks", "--peers", peers, "--month", month)
    assert (done.exit_code, said in done.stderr) == (2, True)


async def test_a_peers_file_that_cannot_be_used_is_one_clear_line(tmp_path):
    """For both commands that read one."""
    file = tmp_path / "peers.yaml"
    file.write_text("hospitals: {a: {pumps: many}}")
    days = ["--from", "2026-08-24", "--to", "2026-08-30"]
    for arguments in (["benchmarks"], ["report", "--hospital", "a", *days]):
        done = await run(*arguments, "--peers", file)
        assert done.exit_code == 2
        assert done.stderr.startswith("pumpwatch: peers.yaml: field `hospitals, of a hospital,.pumps`: ")

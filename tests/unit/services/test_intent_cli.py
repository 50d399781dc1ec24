"""`pumpwatch intent`: what was learned, for people and programs, and priors from a log of one's own."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemas.codec import encode
from schemas.events import IntentState, LearnedCounts
from services.intent_cli import app
from streams.intent import priors

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)


def state(hospital: str, partition: int, **changes) -> IntentState:
    """Heparin at a hospital: 1,000 units/h nine times and 1,200 once."""
    counts = LearnedCounts(profile="adult_icu", entries=10.0, values=[(1000.0, 9.0), (1200.0, 1.0)])
    fields = {
        "id": f"{hospital}/{partition}", "hospital": hospital, "at": AT, "drug": "heparin", "unit": "units/h",
        "partition": partition, "through": (10, 0), "learning_version": "learned-1", "counts": [counts],
    }  # fmt: skip
    return IntentState(**(fields | changes))


@pytest.fixture
def states(tmp_path) -> Path:
    path = tmp_path / "states.ndjson"
    found = [
        state("st-a", 0),
        state("st-a", 3, slips={"missing_digit": 1.0}, taken_back={"key_bounce": 2.0}),
        state("st-b", 1, test=True),
    ]
    path.write_bytes(b"".join(encode(one) + b"\n" for one in found))
    return path


def explained(*arguments: str) -> list[dict]:
    result = CliRunner().invoke(app, ["explain", "--json", *arguments])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_partitions_of_a_hospital_are_added_up_beside_what_ships(states):
    st_a, st_b, everywhere = explained("--drug", "heparin", "--state", str(states))
    assert (st_a["hospital"], st_a["entries"], st_a["partitions"], st_a["test"]) == ("st-a", 20, 2, False)
    assert st_a["usual"] == {"1000.0": 0.9, "1200.0": 0.1}
    assert st_a["values"] == {"p5": 1000, "p50": 1000, "p95": 1200}
    assert st_a["slips"] == {"missing_digit": 1}
    assert st_a["taken_back"] == {"key_bounce": 2}
    assert st_a["learning_version"] == "learned-1"
    shipped = priors.load().drugs["heparin"]["units/h"]
    assert st_a["shipped"]["entries"] == shipped.entries
    assert (st_b["hospital"], st_b["test"]) == ("st-b", True)
    assert (everywhere["hospital"], everywhere["entries"]) == ("*", 20), "simulated hospitals do not count here"


def test_a_drug_goes_by_any_of_its_names_and_one_hospital_may_be_asked_for(states):
    [found] = explained("--drug", "Heparin Sodium", "--hospital", "st-b", "--state", str(states))
    assert found["hospital"] == "st-b"


def test_the_table_shows_what_people_need(states):
    shown = CliRunner().invoke(app, ["explain", "--drug", "heparin", "--state", str(states)]).stdout
    assert "1000 (90%), 1200 (10%)" in shown
    assert "st-b (simulated)" in shown
    assert "missing_digit 1.0" in shown
    assert "key_bounce 2.0" in shown
    assert "counted by learned-1" in shown


def test_states_from_standard_input(states):
    result = CliRunner().invoke(app, ["explain", "--drug", "heparin", "--state", "-"], input=states.read_bytes())
    assert result.exit_code == 0
    assert "st-a" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--drug", "unheard of"], "nothing was learned of unheard of yet"),
        (["--drug", "heparin", "--hospital", "st-c"], "nothing was learned of heparin at st-c yet"),
    ],
)
def test_what_nobody_learned_is_said_in_one_line(states, arguments, said):
    result = CliRunner().invoke(app, ["explain", *arguments, "--state", str(states)])
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_file_without_states_is_refused(tmp_path):
    other = tmp_path / "other.ndjson"
    other.write_text('{"id": 1}\n')
    result = CliRunner().invoke(app, ["explain", "--drug", "heparin", "--state", str(other)])
    assert result.exit_code == 2
    assert "holds no learned states" in result.stderr


@pytest.fixture
def log(tmp_path) -> Path:
    """Four hundred entries of heparin on forty pumps, and a few of vasopressin."""
    dice = random.Random(4)
    rows = ["hospital,care_area,pump,at,drug,unit,value"]
    for pump in range(40):
        for step in range(10):
            at = AT + timedelta(hours=step)
            rows.append(f"st-own,MICU,p{pump},{at:%Y-%m-%dT%H:%M:%SZ},Heparin,units/h,{dice.choice((900, 1000, 1100))}")
        rows.append(f"st-own,MICU,p{pump},{AT:%Y-%m-%dT%H:%M:%SZ},vasopressin,units/h,{dice.choice((2, 3, 4, 5))}")
    path = tmp_path / "infusions.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_priors_of_ones_own_say_where_they_come_from_and_can_be_used(log, tmp_path):
    out = tmp_path / "priors.yaml"
    result = CliRunner().invoke(app, ["train", str(log), "--out", str(out), "--version", "own-1"])
    assert result.exit_code == 0, result.output
    fitted = priors.read(out)
    assert fitted.version == "own-1"
    assert [(source.name, source.rows) for source in fitted.sources] == [("infusions.csv", 440)]
    assert set(fitted.drugs["heparin"]["units/h"].usual) == {900, 1000, 1100}
    assert fitted.drugs["vasopressin"]["units/h"].entries == 40
    assert "infusions.csv: sha256 " in out.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv", "--out", "x.yaml"], "nowhere.csv: No such file"),
        (["--out", "no/such/folder/x.yaml"], "no/such/folder is no folder"),
    ],
)
def test_a_log_or_a_place_that_is_not_there_is_said_in_one_line(arguments, said):
    result = CliRunner().invoke(app, ["train", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_log_of_a_few_rows_is_too_little(tmp_path):
    few = tmp_path / "few.csv"
    few.write_text("hospital,care_area,pump,at,drug,unit,value\nh,MICU,p,2026-11-23T06:00:00Z,heparin,units/h,1000\n")
    result = CliRunner().invoke(app, ["train", str(few), "--out", str(tmp_path / "x.yaml")])
    assert result.exit_code == 2
    assert "1 entered values are too few" in result.stderr

"""`pumpwatch score` without its command line: lines in, lines out."""

import json
from datetime import UTC, datetime, timedelta

from typer.testing import CliRunner

from schemas.codec import encode
from schemas.library import Library, load_default
from services.cli import app
from services.score import score_lines
from streams.intent import parameters
from streams.intent.score import DoseScorer
from tests.made_events import entry, in_pieces

LIBRARY = Library(load_default())
SCORER = DoseScorer(parameters.load(), lambda _hospital: LIBRARY)


def test_each_committed_entry_gives_one_line_with_the_score_of_the_stream():
    events = [*in_pieces(entry("p", 1, "45")), entry("q", 2, "5")]
    done = list(score_lines(((number, encode(event)) for number, event in enumerate(events, 1)), SCORER))
    scores = [json.loads(line) for one in done for line in one.scores]
    assert [(score["entry"], score["revision"]) for score in scores] == [("p-e1", 1), ("q-e2", 1)]
    assert all(line.endswith(b"\n") for one in done for line in one.scores)
    assert not [one for one in done if one.refusal]


def test_a_bad_line_is_refused_with_its_number_and_the_rest_is_scored():
    lines = [b"{", encode(entry("p", 1, "5")), b'{"id": 1}', encode(entry("p", 1, "5")), b"\xff"]
    done = list(score_lines(enumerate(lines, 1), SCORER))
    assert [len(one.scores) for one in done] == [0, 1, 0, 0, 0]
    refused = {one.number: one.refusal.error_class for one in done if one.refusal}
    assert refused == {1: "not_json", 3: "schema", 4: "duplicate", 5: "not_utf8"}


def test_learning_in_a_file_scores_each_entry_before_it_learns_from_it(tmp_path):
    """The first entries score as without learning; what stood makes the same value likelier later."""
    start = datetime(2026, 11, 23, 6, tzinfo=UTC)
    events = [
        entry(f"p{number}", number, "37", start + timedelta(minutes=number), previous=None) for number in range(40)
    ]
    events += [
        entry(f"p{number}", 100 + number, "37", start + timedelta(hours=2, minutes=number), previous=37.0)
        for number in range(40)
    ]
    events.append(entry("new", 1, "37", start + timedelta(hours=4), previous=None))
    log, state = tmp_path / "log.ndjson", tmp_path / "state.ndjson"
    log.write_bytes(b"".join(encode(event) + b"\n" for event in events))
    runner = CliRunner()
    plain = runner.invoke(app, ["score", str(log)]).stdout.splitlines()
    learning = runner.invoke(app, ["score", "--learn", "--state-out", str(state), str(log)]).stdout.splitlines()
    assert learning[:40] == plain[:40]
    assert json.loads(learning[-1])["error_likelihood"] < json.loads(plain[-1])["error_likelihood"]
    of_drug = [json.loads(line) for line in state.read_text().splitlines() if json.loads(line)["drug"] != "*"]
    assert [(one["drug"], one["counts"][0]["values"]) for one in of_drug] == [("norepinephrine", [[37.0, 40.0]])]


def test_a_state_file_without_learning_is_refused(tmp_path):
    result = CliRunner().invoke(app, ["score", "--state-out", str(tmp_path / "s"), "-"], input=b"")
    assert result.exit_code == 2
    assert "--state-out needs --learn" in result.stderr


def test_a_place_that_is_not_there_is_said_before_the_work(tmp_path):
    """Nothing is scored whose learning could not be written."""
    place = tmp_path / "none" / "s"
    log = tmp_path / "k.ndjson"
    log.write_bytes(encode(entry("p", 1, "5")) + b"\n")
    result = CliRunner().invoke(app, ["score", "--learn", "--state-out", str(place), str(log)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{place.parent} is no folder" in result.stderr

"""`pumpwatch score` without its command line: lines in, lines out."""

import json

from schemas.codec import encode
from schemas.library import Library, load_default
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

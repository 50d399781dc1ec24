"""Published incidents and near misses by name: what the keys, the drug and the value before say of each.

Sources: bounce 36→366, 25→225, 4.8→44.8 (ISMP and FDA reports of key bounce); 100.5 on a Spectrum (its keypad ignores
the decimal point from 100 up). Where a case cannot be told from a legitimate entry, the test says so and why.
"""

import pytest

from schemas.events import Commit, DoseScore, KeyPress
from streams.intent import parameters
from streams.intent.partition import DosePartition
from streams.intent.score import DoseScorer
from streams.libraries import Libraries
from tests.made_events import entry, keys

SCORER = DoseScorer(parameters.load(), Libraries())


def scored(typed: str, presses: list[KeyPress] | None = None, **changes: object) -> DoseScore:
    fields = {"keys": presses or keys(typed), "commit": Commit(action="confirm", value=float(typed))} | changes
    [score] = DosePartition(SCORER).apply(entry("case", 1, typed, **fields), 0)
    return score


def bounced(text: str, at: int, gap_ms: int = 45) -> list[KeyPress]:
    """Evenly typed, but key number `at` came a second time after `gap_ms`."""
    presses, clock = [], 0
    for number, key in enumerate(text):
        clock += gap_ms if number == at else 400
        presses.append(KeyPress(k=key, t=clock, hold=30 if number == at else 90))
    return presses


@pytest.mark.parametrize(
    ("typed", "at", "meant", "about"),
    [
        ("366", 2, 36.0, {"drug": "Heparin", "unit": "mL/h", "field": "rate", "previous": 30.0}),
        ("225", 1, 25.0, {"drug": "Fentanyl", "unit": "mcg/h", "previous": 20.0}),
        ("44.8", 1, 4.8, {"drug": "Norepinephrine", "unit": "mcg/min", "previous": 4.0}),
    ],
)
def test_a_bounced_key_is_told_by_its_timing(typed, at, meant, about):
    score = scored(typed, bounced(typed, at), **about)
    assert score.verdict == "error"
    assert (score.meant[0].value, score.meant[0].slip) == (meant, "key_bounce")
    assert score.meant[0].probability > 0.8
    assert any("45 ms" in sentence for sentence in score.evidence)


def test_the_same_digits_typed_at_a_human_pace_are_less_suspect():
    """Two deliberate presses of one key are an ordinary number."""
    bounce = scored("225", bounced("225", 1), drug="Fentanyl", unit="mcg/h", previous=20.0)
    deliberate = scored("225", drug="Fentanyl", unit="mcg/h", previous=20.0)
    assert deliberate.error_likelihood < bounce.error_likelihood / 2


def test_a_lost_decimal_point_is_named():
    score = scored("55", previous=5.2)
    assert score.meant[0].value == 5.5
    assert score.meant[0].slip == "missing_decimal"


def test_a_decimal_that_the_spectrum_ignores_is_what_was_meant():
    """Keys 1 0 0 . 5 give 1005 on this keypad, and the pump takes it as a volume."""
    score = scored("1005", keys("100.5"), field="vtbi", unit="mL", drug="NaCl 0.9%", previous=None, model="spectrum")
    assert 100.5 in {meant.value for meant in score.meant}


def test_heparin_1300_to_200_cannot_be_told_from_a_legitimate_entry():
    """200 units/h is an ordinary rate, and no single slip of 1300 gives it: a limit or a person must catch it."""
    score = scored("200", drug="Heparin", unit="units/h", previous=1300.0)
    assert score.verdict == "ok"


def test_an_ordinary_titration_is_left_alone():
    for typed, previous in (("5", 4.0), ("6", 5.0), ("4.5", 5.0), ("8", 6.0), ("10", 8.0)):
        score = scored(typed, previous=previous)
        assert score.verdict == "ok", (typed, previous, score)
        assert score.error_likelihood < 0.02


def test_probabilities_add_up():
    """Those of what may have been meant never exceed the likelihood that the typed value was not meant."""
    for typed in ("5", "50", "55", "0.5", "500", "5500", "45", "54"):
        score = scored(typed, previous=4.5)
        assert sum(meant.probability for meant in score.meant) <= score.error_likelihood + 1e-9
        assert [meant.probability for meant in score.meant] == sorted(
            (meant.probability for meant in score.meant), reverse=True
        )


def test_the_keypad_decides_which_keys_are_neighbours():
    """8 and 5 are neighbours on every pad, 4 and 8 only on some: the likeliest neighbour differs by layout."""
    spectrum = scored("80", previous=10.0, drug="Fentanyl", unit="mcg/h", model="spectrum")
    colleague = scored("80", previous=10.0, drug="Fentanyl", unit="mcg/h", model="colleague")
    assert spectrum.error_likelihood != colleague.error_likelihood


def test_an_unknown_drug_and_keypad_are_scored_all_the_same():
    score = scored("12", drug="Nonexistol", unit="mcg/min", model="pump of tomorrow", previous=None)
    assert score.verdict == "ok"
    assert 0 <= score.error_likelihood < 0.1

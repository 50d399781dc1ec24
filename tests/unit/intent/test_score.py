"""The score of one entry: what is copied, what is said, and what the keys may change."""

import pytest

from schemas.codec import decode, encode
from schemas.events import Commit, DoseScore
from streams.intent import parameters
from tests.made_events import keys


def test_a_score_carries_the_entry_and_who_judged_it(judge, library):
    score = judge("8", hospital="h1", channel=3, previous=5.0)
    assert (score.id, score.revision, score.resolution) == ("p1/p1-e1/1", 1, "open")
    assert (score.hospital, score.channel, score.typed, score.previous, score.test) == ("h1", 3, 8.0, 5.0, True)
    assert score.model_version == parameters.load().version
    assert score.library_version == library.version
    assert (score.verdict, score.harm, score.limit) == ("ok", "none", None)
    assert score.error_likelihood < 0.01
    assert decode(DoseScore, encode(score)) == score


@pytest.mark.parametrize(
    ("typed", "limit"), [("8", None), ("35", "soft_high"), ("250", "hard_high"), ("0.5", "soft_low")]
)
def test_the_limit_that_the_library_sets_is_named(judge, typed, limit):
    score = judge(typed, previous=5.0)
    assert score.limit == limit
    if limit == "hard_high":
        assert "above the hard maximum of 200 mcg/min of the library" in score.evidence


def test_a_unit_in_another_spelling_is_the_same(judge):
    same = {judge("75", unit=unit, previous=7.5).error_likelihood for unit in ("mcg/min", "MCG/MIN", "mcg/minute")}
    assert len(same) == 1


def test_a_brand_name_is_the_drug(judge):
    assert judge("75", drug="Levophed", previous=7.5).error_likelihood == (
        judge("75", drug="norepinephrine", previous=7.5).error_likelihood
    )


def test_an_unknown_keypad_is_judged_as_a_plain_one_and_says_so(judge):
    score = judge("8", model="Model T")
    assert "the keypad of this pump is not known: a plain telephone keypad was assumed" in score.evidence
    assert score.verdict == "ok"


def test_the_value_that_the_pump_took_counts_not_the_keys(judge):
    """Keys that give another number are mentioned, and their timing is no evidence."""
    odd = judge("55", [40], previous=5.0, commit=Commit(action="confirm", value=6.0))
    assert odd.typed == 6.0
    assert "the keys give 55, the pump took 6: the keys were left out of account" in odd.evidence
    assert odd.verdict == "ok"
    without = judge("6", previous=5.0, keys=[])
    assert odd.error_likelihood == without.error_likelihood
    assert not without.evidence


def test_keys_without_times_are_no_evidence_of_speed(judge):
    """A pump that stamps all keys of an entry alike says nothing of the hand."""
    stamped = judge("55", [0], previous=5.0)
    assert stamped.error_likelihood == pytest.approx(judge("55", previous=5.0, keys=[]).error_likelihood, rel=0.1)
    fast = judge("55", [40], previous=5.0)
    assert 1 - fast.error_likelihood < (1 - stamped.error_likelihood) / 10


def test_an_entry_with_a_corrected_slip_is_doubted_a_little_more(judge):
    corrected = keys("7") + [type(keys("7")[0])(k=k, t=at) for k, at in (("BACK", 900), ("8", 1300))]
    assert judge("8", previous=5.0, keys=corrected).error_likelihood > judge("8", previous=5.0).error_likelihood


@pytest.mark.parametrize(
    "context",
    [
        {"drug": "Nobody's drug", "unit": "furlongs"},
        {"drug": "\U0001f489", "unit": "mL/h", "field": "rate"},
        {"field": "weight", "unit": "kg"},
        {"field": "duration", "unit": "min"},
        {"field": "concentration", "unit": "mg/mL"},
        {"field": "bolus", "unit": "mcg"},
        {"care_area": "a place without a profile"},
        {"previous": 0.0},
        {"previous": 10_000_000.0},
        {"concentration": 0.0},
    ],
)
@pytest.mark.parametrize("typed", ["0", "5", "0.001", "9999999", "000000000000000000005"])
def test_whatever_is_entered_gets_a_score(judge, typed, context):
    score = judge(typed, **({"previous": None} | context))
    assert 0 <= score.error_likelihood <= 1
    assert sum(one.probability for one in score.meant) <= score.error_likelihood + 1e-9
    assert all(one.value >= 0 for one in score.meant)
    decode(DoseScore, encode(score))


def test_what_is_not_known_well_is_said(judge):
    score = judge("4000", drug="Nobody's drug", unit="mcg/kg/min", previous=4.0)
    assert score.verdict != "ok"
    assert "entries of nobody's drug in mcg/kg/min are not known well: judged by other drugs in this unit" in (
        score.evidence
    )


def test_a_value_far_from_the_usual_range_says_what_is_usual(judge):
    score = judge("75", previous=7.5)
    assert score.verdict != "ok"
    assert any(said.startswith("9 in 10 entries of norepinephrine are between") for said in score.evidence)

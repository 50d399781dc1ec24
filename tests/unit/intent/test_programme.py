"""What a channel was told in its other fields."""

from datetime import timedelta

import msgspec
import pytest

from schemas.events import Commit
from streams.intent.entries import DoseEntry
from streams.intent.programme import Programme, Programmes, Told
from tests.made_events import entry, now

STARTED = now()


@pytest.fixture
def programmes():
    return Programmes()


@pytest.fixture
def tell(judge, programmes):
    """Observe the score of an entry, with the fields of the event as given."""

    def observe(typed: str, **context):
        programmes.observe(judge(typed, **{"previous": None, **context}))

    return observe


def asked(typed: str = "5", **context) -> DoseEntry:
    event = entry("p1", 2, typed, STARTED + timedelta(minutes=1), **{"previous": None, **context})
    return DoseEntry(event, event.commit, [(key.t, key.k) for key in event.keys], event.at)


def test_nothing_is_known_of_a_channel_that_was_told_nothing(programmes):
    """No programme, which costs a scorer nothing."""
    assert programmes.of(asked()) is None


def test_other_fields_of_the_same_drug_are_known(programmes, tell):
    """Each with its last value; the field itself is left out, and so are other channels."""
    tell("250", field="vtbi", unit="mL")
    tell("310", field="vtbi", unit="mL")
    tell("30", field="rate", unit="mL/h")
    assert programmes.of(asked(field="rate", unit="mL/h")) == Programme((Told("vtbi", 310.0, "mL"),))
    assert programmes.of(asked(field="rate", unit="mL/h", channel=2)) is None


def test_another_drug_on_the_channel_is_another_programme(programmes, tell):
    """Its fields say nothing of this drug, but its value may be left standing in the same field and unit."""
    tell("25", drug="Heparin", field="rate", unit="mL/h")
    tell("310", drug="Heparin", field="vtbi", unit="mL")
    assert programmes.of(asked(drug="Fentanyl", field="rate", unit="mL/h")) == Programme(earlier=25.0)
    assert programmes.of(asked(drug="Fentanyl", field="rate", unit="mL/h", previous=10.0)) is None
    assert programmes.of(asked(drug="Fentanyl", field="dose", unit="mcg/h")) is None


def test_a_weight_holds_for_every_channel_of_the_pump_in_kg(programmes, tell):
    """One patient, whichever channel and drug it was entered for."""
    tell("154", field="weight", unit="lb", channel=2, drug="Heparin")
    found = programmes.of(asked())
    assert found.weight == pytest.approx(69.85, abs=0.01)
    assert programmes.of(asked(field="weight", unit="kg")) is None


def test_the_concentration_is_the_events_own_or_the_one_told(programmes, tell):
    """What the event says comes first."""
    tell("8", field="concentration", unit="mg/mL")
    assert programmes.of(asked()).concentration == 8.0
    assert programmes.of(asked(concentration=4.0)).concentration == 4.0


def test_a_value_confirmed_without_a_key_is_marked(programmes):
    """It may be one that stood there."""
    assert programmes.of(asked(keys=[], commit=Commit("confirm", 5.0))) == Programme(keyless=True)


def test_a_cancelled_entry_and_a_later_revision_teach_nothing(programmes, tell, judge):
    """Only what a pump took is part of its programme, once."""
    tell("310", field="vtbi", unit="mL", commit=Commit("cancel", 310.0))
    assert programmes.of(asked(field="rate", unit="mL/h")) is None
    score = judge("310", field="vtbi", unit="mL", previous=None)
    programmes.observe(msgspec.structs.replace(score, revision=2))
    assert programmes.of(asked(field="rate", unit="mL/h")) is None

"""The typed events and the JSON Schemas are one contract: they accept and refuse the same documents."""

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas import codec, events, topics
from schemas.refusals import EventRefused
from tests.contract.documents import changed, documents
from tests.contract.validators import validator

KINDS = {topic.event: topic.versions[-1] for topic in topics.load().values() if topic.event}
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
enough = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def refusal(kind, document, *, escaped=False):
    """Why the codec refuses a document, or None."""
    try:
        codec.decode(kind, json.dumps(document, ensure_ascii=escaped, allow_nan=False).encode())
    except EventRefused as refused:
        return refused.reason
    return None


@kinds
@enough
@given(choice=st.data())
def test_what_fits_is_accepted_by_both(kind, choice):
    """Documents made from the Struct pass the Struct and the JSON Schema, however their text is escaped."""
    document = choice.draw(documents(kind))
    assert refusal(kind, document, escaped=choice.draw(st.booleans())) is None
    assert [error.message for error in validator(KINDS[kind]).iter_errors(document)] == []


@kinds
@enough
@given(choice=st.data())
def test_what_is_changed_is_judged_alike(kind, choice):
    """A field dropped, renamed, added, retyped or out of range is refused by both or by neither."""
    document = choice.draw(changed(kind))
    reason = refusal(kind, document, escaped=choice.draw(st.booleans()))
    errors = [error.message for error in validator(KINDS[kind]).iter_errors(document)]
    assert (reason is None) == (errors == []), (reason, errors)
    if reason is not None:
        assert reason.isprintable()
        assert len(reason) < 700


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b'{"at":1.0,"seq":1.0')
@example(b"[" * 100_000)
@example(b'{"a":' * 50_000)
def test_any_bytes_are_refused_with_a_reason(raw):
    """Nothing but EventRefused comes out of the decoder, whatever comes in."""
    for kind in (events.KeystrokeEvent, events.DoseScore):
        with pytest.raises(EventRefused) as refused:
            codec.decode(kind, raw)
        assert refused.value.reason.isprintable()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not events.DrugLibrary], ids=lambda k: k.__name__)
def test_numbers_no_reader_holds_are_refused(kind):
    """A number of 400 digits fits no field; it neither crashes the decoder nor passes it."""
    good = next(KINDS[kind].iter_examples())
    document = json.loads(good.raw)
    for name, value in document.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            for digits in ("1" + "0" * 400, "9" * 5000, "1e400", "-1e400"):
                raw = json.dumps({**document, name: "HERE"}).replace('"HERE"', digits).encode()
                with pytest.raises(EventRefused, match=f"^field `{name}`"):
                    codec.decode(kind, raw)

"""Every example is what its name says: accepted by all, or refused for exactly that reason."""

import json

import pytest
import yaml

from schemas import codec, topics
from schemas.refusals import EventRefused
from schemas.topics import SCHEMAS
from tests.contract.validators import validator

EXAMPLES = [
    pytest.param(topic, version, example, id=f"{topic.kind}-{example.situation}")
    for topic in topics.load().values()
    for version in topic.versions
    for example in version.iter_examples()
]
good = pytest.mark.parametrize(("topic", "version", "example"), [p for p in EXAMPLES if p.values[2].good])
bad = pytest.mark.parametrize(("topic", "version", "example"), [p for p in EXAMPLES if not p.values[2].good])


def refusals(version):
    return yaml.safe_load((SCHEMAS / "examples" / version.examples / "refusals.yaml").read_text("utf-8"))


@good
def test_good_example_is_accepted(topic, version, example):
    """By its own version, by the newest one and by the Struct."""
    document = json.loads(example.raw)
    assert list(validator(version).iter_errors(document)) == []
    if topic.direction == "inbound":
        assert list(validator(topic.versions[-1]).iter_errors(document)) == []
        codec.decode(topic.event, example.raw)


@good
def test_good_example_survives_a_round_trip(topic, version, example):
    """Decoded and encoded again it says the same: only fields left out appear, with their defaults."""
    event = codec.decode(topic.event, example.raw)
    raw = codec.encode(event)
    assert codec.decode(topic.event, raw) == event
    if example.situation != "field-of-a-later-version":
        assert_says_the_same(json.loads(example.raw), json.loads(raw))


def assert_says_the_same(before, after):
    """What stood there still does, except that inner fields at their default may be left out, and the reverse."""
    if isinstance(before, dict):
        for name in before.keys() | after.keys():
            if name in before and name in after:
                assert_says_the_same(before[name], after[name])
            else:
                assert (before | after)[name] in (None, False, 0, [], {}), name
    elif isinstance(before, list):
        assert len(before) == len(after)
        for one, other in zip(before, after, strict=True):
            assert_says_the_same(one, other)
    else:
        assert before == after


@bad
def test_bad_example_is_refused_for_its_reason(topic, version, example):
    """The reason is the recorded sentence, and the JSON Schema finds fault with the same one place."""
    with pytest.raises(EventRefused) as refused:
        codec.decode(topic.event, example.raw)
    wanted = refusals(version)[example.situation]
    assert (refused.value.error_class, refused.value.reason) == (wanted["class"], wanted["reason"])
    errors = list(validator(version).iter_errors(json.loads(example.raw)))
    assert len({error.json_path for error in errors}) == 1


@pytest.mark.parametrize(
    "version", [topic.versions[-1] for topic in topics.load().values() if topic.versions], ids=lambda v: v.examples
)
def test_every_bad_example_has_a_reason_and_every_reason_an_example(version):
    """There are several of both kinds, and no reason is left over."""
    examples = list(version.iter_examples())
    assert {example.situation for example in examples if not example.good} == set(refusals(version))
    assert sum(example.good for example in examples) >= 3
    assert sum(not example.good for example in examples) >= 5


def test_examples_of_a_topic_are_found_by_its_name():
    """A subscriber's tests read them without knowing where they stand."""
    every = list(topics.iter_examples(topics.KEYSTROKES))
    kept = [*topics.iter_examples(topics.KEYSTROKES, good=True), *topics.iter_examples(topics.KEYSTROKES, good=False)]
    assert every == kept
    assert list(topics.iter_examples(f"{topics.KEYSTROKES}.dlq")) == []

"""Record headers are CloudEvents 1.0 in binary mode."""

import pytest

from schemas import codec, topics
from schemas.envelope import headers


def first(topic):
    declared = topics.get_topic(topic)
    return codec.decode(declared.event, next(topics.iter_examples(topic)).raw)


def test_headers_of_a_score():
    """All attributes CloudEvents requires, as UTF-8, in the names of its Kafka binding."""
    score = next(
        codec.decode(topics.get_topic(topics.DOSE_SCORES).event, example.raw)
        for example in topics.iter_examples(topics.DOSE_SCORES)
        if example.situation == "missing-decimal-point"
    )
    assert headers(score, topics.DOSE_SCORES) == [
        ("ce_id", b"8015-104423/8015-104423:e3402/1"),
        ("ce_type", b"pump.dose-score.v1"),
        ("ce_source", b"/hospitals/riverside-general/pumps/8015-104423"),
        ("ce_time", b"2026-11-23T19:40:12.540Z"),
        ("ce_specversion", b"1.0"),
        ("content-type", b"application/json"),
    ]


@pytest.mark.parametrize("topic", [topic for topic in topics.load() if topics.get_topic(topic).event])
def test_every_event_has_headers(topic):
    found = dict(headers(first(topic), topic))
    assert found["ce_type"].decode() == topics.get_topic(topic).ce_type
    assert found["ce_source"].startswith(b"/hospitals/")


def test_source_is_a_uri_reference_whatever_the_names():
    """Names are free text; a slash, a space or an umlaut in one does not break the path."""
    for example in topics.iter_examples(topics.KEYSTROKES, good=True):
        if example.situation == "names-beyond-ascii":
            event = codec.decode(topics.get_topic(topics.KEYSTROKES).event, example.raw)
            source = dict(headers(event, topics.KEYSTROKES))["ce_source"]
            assert source == b"/hospitals/universit%C3%A4tsklinikum-s%C3%BCd/pumps/8015-104423"


def test_a_library_for_all_hospitals_has_a_source():
    for example in topics.iter_examples(topics.DRUG_LIBRARY, good=True):
        if example.situation == "where-a-hospital-has-none":
            library = codec.decode(topics.get_topic(topics.DRUG_LIBRARY).event, example.raw)
            assert dict(headers(library, topics.DRUG_LIBRARY))["ce_source"] == b"/hospitals/%2A"


def test_topics_of_raw_bytes_have_no_event_headers():
    with pytest.raises(KeyError, match="carries no events"):
        headers(first(topics.KEYSTROKES), f"{topics.KEYSTROKES}.dlq")

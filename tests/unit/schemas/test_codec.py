"""Bytes to events and back: what the schema cannot say, and the words for what is refused."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec, topics
from schemas.events import AlertAction, DoseScore, DrugLibrary, KeystrokeEvent, PowerEpisode, PowerEvent
from schemas.refusals import EventRefused

AT = datetime(2026, 11, 23, 17, 4, 5, 120_000, tzinfo=UTC)
RECORD_MS = 1_795_453_445_120  # the same instant in Kafka's terms


def example(topic, situation):
    return next(found.raw for found in topics.iter_examples(topic) if found.situation == situation)


@pytest.fixture
def raw():
    """A whole dose entry as a publisher sends it, without white space."""
    return msgspec.json.encode(json.loads(example(topics.KEYSTROKES, "whole-entry-confirmed")))


def refused(kind, value):
    with pytest.raises(EventRefused) as refusal:
        codec.decode(kind, value)
    return refusal.value.error_class, refusal.value.reason


def test_decoded_event_holds_what_was_sent(raw):
    event = codec.decode(KeystrokeEvent, raw)
    assert (event.pump, event.seq, event.at, event.commit.value) == ("8015-104423", 52117, AT, 12.5)
    assert [(key.k, key.t) for key in event.keys] == [("CLEAR", 0), ("1", 730), ("2", 1015), (".", 1390), ("5", 1702)]


@pytest.mark.parametrize(
    ("change", "error_class", "reason"),
    [
        (lambda raw: b"", "not_json", "the value is empty; send one JSON object in each record"),
        (lambda raw: b" \n", "not_json", "the value is empty; send one JSON object in each record"),
        (lambda raw: None, "not_json", "the value is empty; send one JSON object in each record"),
        (
            lambda raw: raw.replace(b"MICU", b"M\xffCU"),
            "not_utf8",
            "the value is not UTF-8: byte 71 (0xff) does not fit; send UTF-8",
        ),
        (
            lambda raw: raw.decode().encode("utf-16"),
            "not_utf8",
            "the value is not UTF-8: byte 0 (0xff) does not fit (it looks like UTF-16); send UTF-8",
        ),
        (
            lambda raw: b"\xef\xbb\xbf" + raw,
            "not_json",
            "the value starts with a byte order mark; send UTF-8 without one",
        ),
        (lambda raw: raw[:-9], "not_json", "the JSON ends in the middle; send the whole object"),
        (lambda raw: raw + raw, "not_json", "something follows the JSON object; send one object in each record"),
        (lambda raw: b"keys=5", "not_json", "the value is not JSON: invalid character (byte 0), near `keys=5`"),
        (
            lambda raw: raw.replace(b"12.5", b"NaN"),
            "not_json",
            "field `commit.value`: NaN is not JSON; send null or leave the field out",
        ),
        (
            lambda raw: raw.replace(b"730", b"-Infinity"),
            "not_json",
            "field `keys[1].t`: Infinity is not JSON; send null or leave the field out",
        ),
        (
            lambda raw: raw.replace(b"12.5", b"1e999"),
            "schema",
            "field `commit.value`: expected a number from 0 to 10000000, got a number beyond what JSON readers hold",
        ),
        (
            lambda raw: raw.replace(b"52117,", b"9" * 5000 + b","),
            "schema",
            "field `seq`: expected a whole number from 0 to 9007199254740991, got a whole number of 5000 digits",
        ),
        (
            lambda raw: raw.replace(b'"MICU"', b'"MI\nCU"'),
            "not_json",
            "a text holds the raw control character `\\u000a`; escape it or leave it out",
        ),
        (
            lambda raw: raw.replace(b'"MICU"', b'"\\ud83d"'),
            "not_json",
            "a \\u escape holds half of a surrogate pair; send the character itself in UTF-8",
        ),
        (lambda raw: b"[" * 200_000, "schema", "the value: expected an object, got a list"),
        (lambda raw: b"null", "schema", "the value: expected an object, got null; it must not be null"),
        (
            lambda raw: raw.replace(b'"seq":52117', b'"seq":52117,"seq":52118'),
            "schema",
            "field `seq` is given more than once; send it once",
        ),
        (
            lambda raw: raw.replace(b"MICU", b"x" * 300_000),
            "too_large",
            "the value has 300,514 bytes, more than the 262,144 allowed; send less at once",
        ),
        (
            lambda raw: raw.replace(b'"seq"', b'"' + b"s" * 9000 + b'\\u001b[2J"'),
            "unknown_field",
            f"field `{'s' * 60}…` is not part of KeystrokeEvent; leave it out",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 10 else "",
)
def test_refusals_are_sentences_that_name_the_field(raw, change, error_class, reason):
    """Each says where it is, what was expected, what came and what helps, with nothing unprintable in it."""
    assert refused(KeystrokeEvent, change(raw)) == (error_class, reason)


def test_nesting_without_end_is_refused():
    """An open schema skips what it does not know, but not to the bottom of the stack."""
    raw = example(topics.DOSE_SCORES, "plausible-entry").rstrip(b"}\n") + b',"more":' + b"[" * 100_000
    assert refused(DoseScore, raw) == (
        "not_json",
        "the value is nested too deeply; no schema of ours goes deeper than four levels",
    )


def test_sizes_are_judged_before_parsing(raw):
    """256 KiB is enough for any event; a library may have 4 MiB."""
    assert codec.decode(KeystrokeEvent, raw.ljust(256 * 1024)).seq == 52117
    assert refused(KeystrokeEvent, raw.ljust(256 * 1024 + 1))[0] == "too_large"
    library = example(topics.DRUG_LIBRARY, "one-hospital")
    assert codec.decode(DrugLibrary, library.ljust(4 * 1024 * 1024)).version == "2026.11-r2"
    assert refused(DrugLibrary, library.ljust(4 * 1024 * 1024 + 1))[0] == "too_large"


def test_whole_numbers_may_be_written_as_floats(raw):
    """To JSON 52117.0 is the number 52117, and some writers know no other way."""
    event = codec.decode(KeystrokeEvent, raw.replace(b"52117,", b"52117.0,").replace(b'"t":730', b'"t":7.3e2'))
    assert (event.seq, type(event.seq), event.keys[1].t) == (52117, int, 730)


def test_a_line_break_is_kept_in_a_comment_and_refused_in_a_name():
    """People write comments in a text box; a name with a line break looks like two."""
    action = json.loads(example(topics.ALERT_ACTIONS, "acknowledged"))
    kept = codec.decode(AlertAction, json.dumps(action | {"comment": "called\n\tthe unit"}).encode())
    assert kept.comment == "called\n\tthe unit"
    assert refused(AlertAction, json.dumps(action | {"by": "bio\nmed"}).encode()) == (
        "schema",
        'field `by`: "bio\\u000amed" holds a control character; remove it',
    )


def test_times_of_another_zone_are_refused_wherever_they_stand():
    episode = json.loads(example(topics.POWER_EPISODES, "ended-after-transport"))
    for name in ("at", "started_at", "ended_at"):
        late = json.dumps(episode | {name: "2026-11-23T18:04:05+01:00"}).encode()
        assert refused(PowerEpisode, late)[1].startswith(f"field `{name}`: 2026-11-23T18:04:05+01:00 is not UTC")


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (AT, b'"at":"2026-11-23T17:04:05.120Z"'),
        (AT.replace(microsecond=0), b'"at":"2026-11-23T17:04:05.000Z"'),
        (AT.replace(microsecond=999_999), b'"at":"2026-11-23T17:04:05.999Z"'),
        (AT.astimezone(timezone(timedelta(hours=-5))), b'"at":"2026-11-23T17:04:05.120Z"'),
    ],
)
def test_times_are_written_in_utc_with_milliseconds(raw, at, written):
    event = msgspec.structs.replace(codec.decode(KeystrokeEvent, raw), at=at)
    assert written in codec.encode(event)


def test_every_time_of_an_event_is_written_alike():
    """Also those deeper in, and null where there is none."""
    for situation in ("paused-by-the-cord", "ended-after-transport"):
        raw = json.loads(example(topics.POWER_EPISODES, situation))
        written = json.loads(codec.encode(codec.decode(PowerEpisode, json.dumps(raw).encode())))
        assert {name: written[name] for name in raw} == raw


def test_a_time_without_zone_is_never_written(raw):
    event = msgspec.structs.replace(codec.decode(KeystrokeEvent, raw), at=AT.replace(tzinfo=None))
    with pytest.raises(ValueError, match="has no time zone"):
        codec.encode(event)


def test_a_text_that_looks_like_a_time_stays_as_it_is(raw):
    """Only the fields that are times are rewritten, even when an id quotes one."""
    tricky = '"at":"2026-11-23T17:04:05Z"'
    event = msgspec.structs.replace(codec.decode(KeystrokeEvent, raw), id=tricky, entry="2026-11-23T17:04:05Z")
    again = codec.decode(KeystrokeEvent, codec.encode(event))
    assert (again.id, again.entry, again.at) == (tricky, "2026-11-23T17:04:05Z", AT)


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_milliseconds_and_times_convert_exactly(milliseconds):
    """Over all years a time can hold."""
    assert codec.ms(codec.from_ms(milliseconds)) == milliseconds


def test_milliseconds_are_cut_not_rounded():
    assert codec.ms(AT.replace(microsecond=120_999)) == RECORD_MS
    assert codec.rfc3339(AT.replace(microsecond=120_999)) == "2026-11-23T17:04:05.120Z"


@pytest.mark.parametrize("off", [timedelta(0), timedelta(hours=24), timedelta(days=-35)])
def test_clocks_within_reason_are_taken(raw, off):
    """Another time zone on the pump, or a month off the network."""
    codec.check_plausible(msgspec.structs.replace(codec.decode(KeystrokeEvent, raw), at=AT + off), RECORD_MS)


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (timedelta(hours=24, milliseconds=1), "2026-11-24T17:04:05.121Z is 1.0 days ahead of"),
        (timedelta(days=-35, milliseconds=-1), "2026-10-19T17:04:05.119Z is 35.0 days behind"),
        (timedelta(days=3653), "2036-11-23T17:04:05.120Z is 3,653.0 days ahead of"),
        (AT.replace(year=1) - AT, "0001-11-23T17:04:05.120Z is 739,616.0 days behind"),
    ],
)
def test_clocks_beyond_reason_are_refused(raw, off, words):
    event = msgspec.structs.replace(codec.decode(KeystrokeEvent, raw), at=AT + off)
    with pytest.raises(EventRefused) as refusal:
        codec.check_plausible(event, RECORD_MS)
    reason = f"field `at`: {words} the record's own time; set the pump's clock"
    assert (refusal.value.error_class, refusal.value.reason) == ("clock", reason)


def test_a_record_without_a_timestamp_cannot_be_compared(raw):
    codec.check_plausible(codec.decode(KeystrokeEvent, raw), -1)


def test_records_are_keyed_by_their_pump():
    """Otherwise the events of one pump would be read out of order by several workers."""
    codec.check_key(b"8015-104423", "8015-104423")
    for key, came in ((None, "no key"), (b"", '""'), (b"8015\xff", '"8015\ufffd"')):
        with pytest.raises(EventRefused) as refusal:
            codec.check_key(key, "8015-104423")
        reason = f'the record key must be "8015-104423", got {came}; key records so'
        assert (refusal.value.error_class, refusal.value.reason) == ("key", reason)


def test_power_events_take_the_same_way():
    raw = example(topics.POWER, "unplugged-while-infusing")
    assert json.loads(codec.encode(codec.decode(PowerEvent, raw))) == json.loads(raw)


THREADS_AT_ONCE = """
import sys, threading
from datetime import datetime
import msgspec
from schemas import codec

sys.setswitchinterval(1e-6)
raw = b'{"at": "2026-11-24T00:00:00Z", "last": {"last": 1}}'
for number in range(30):
    fields = [(f"field{each}", int | None, None) for each in range(60)] + [("last", int | None, None)]
    inner = msgspec.defstruct(f"Inner{number}", fields)
    others = [(f"field{each}", inner | None, None) for each in range(30)]
    outer = [("at", datetime), *others, ("last", inner | None, None)]
    kind = msgspec.defstruct(f"Outer{number}", outer)
    together = threading.Barrier(4)

    def read():
        together.wait()
        assert codec.decode(kind, raw).last.last == 1

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("whole")
"""


def test_threads_that_decode_a_kind_for_the_first_time_at_once_wait_for_each_other():
    """Agents read their state back in threads; msgspec crashes the process if two work out a class together."""
    done = subprocess.run([sys.executable, "-c", THREADS_AT_ONCE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "whole\n", "")

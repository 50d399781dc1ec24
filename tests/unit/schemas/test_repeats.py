"""A name given twice in an object is refused, wherever it stands, and events pay little for that."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import codec, repeats, topics
from schemas.events import AlertAction, DrugLibrary, KeystrokeEvent, PowerEvent
from schemas.refusals import EventRefused

KINDS = {
    KeystrokeEvent: topics.KEYSTROKES,
    PowerEvent: topics.POWER,
    AlertAction: topics.ALERT_ACTIONS,
    DrugLibrary: topics.DRUG_LIBRARY,
}
EXAMPLES = [
    (kind, json.loads(example.raw))
    for kind, topic in KINDS.items()
    for example in topics.iter_examples(topic, good=True)
]
SPACES = st.sampled_from(["", "", "", " ", "\n", "\t", "  "])


def written(draw, value, twice, path=()):
    """JSON of a value with the member at path `twice` given two times, and with white space as drawn."""
    if isinstance(value, list):
        return "[" + ",".join(written(draw, item, twice, (*path, n)) for n, item in enumerate(value)) + "]"
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=draw(st.booleans()))
    members = []
    for name, item in value.items():
        member = f'"{name}"{draw(SPACES)}:{draw(SPACES)}' + written(draw, item, twice, (*path, name))
        members.append(member)
        if (*path, name) == twice:
            other = draw(st.sampled_from([member, f'"{name}":null', f'"{name}":"x"', f'"{name}":7', f'"{name}":false']))
            members.insert(draw(st.sampled_from([0, len(members)])), other)
    return "{" + f",{draw(SPACES)}".join(members) + "}"


def members(value, path=()):
    """Paths of all members of all objects in a document."""
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(value, dict):
            yield (*path, name)
        if isinstance(item, dict | list):
            yield from members(item, (*path, name))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_repeated_name_is_refused_wherever_it_stands(choice):
    """With the same or another value, before or after, in any layout, with optional fields there or not."""
    kind, document = choice.draw(st.sampled_from(EXAMPLES))
    document = json.loads(json.dumps(document))
    for key in document.get("keys", []):
        match choice.draw(st.sampled_from(["as it is", "null", "absent"])):
            case "null":
                key["hold"] = None
            case "absent":
                key.pop("hold", None)
    twice = choice.draw(st.sampled_from(list(members(document))))
    with pytest.raises(EventRefused) as refusal:
        codec.decode(kind, written(choice.draw, document, twice).encode())
    assert refusal.value.error_class in {"schema", "unknown_field"}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_names_given_once_are_accepted_in_any_layout(choice):
    kind, document = choice.draw(st.sampled_from(EXAMPLES))
    codec.decode(kind, written(choice.draw, document, None).encode())


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["compact", "spaced"])
def test_events_as_publishers_write_them_are_not_parsed_again(monkeypatch, separators):
    """Counting proves it: the slow parser is not asked, whichever optional fields are there."""
    monkeypatch.delattr(repeats, "json")
    taken = 0
    for kind, document in EXAMPLES:
        raw = json.dumps(document, separators=separators, ensure_ascii=False).encode()
        if kind is not DrugLibrary and b"\\" not in raw:
            codec.decode(kind, raw)
            taken += 1
    assert taken >= 20


@pytest.mark.parametrize("hold", ["null", "absent", "some"])
def test_holds_that_are_not_known_are_counted_too(monkeypatch, hold):
    """A pump that does not measure how long a key was held costs no more than one that does."""
    monkeypatch.delattr(repeats, "json")
    document = next(document for kind, document in EXAMPLES if kind is KeystrokeEvent and len(document["keys"]) == 5)
    keys = [{"k": key["k"], "t": key["t"]} | ({} if hold == "absent" else {"hold": None}) for key in document["keys"]]
    if hold == "some":
        keys[0]["hold"] = 70
    event = codec.decode(KeystrokeEvent, json.dumps(document | {"keys": keys}, separators=(",", ":")).encode())
    assert [key.hold for key in event.keys] == [70 if hold == "some" else None, None, None, None, None]

"""A released schema version is never edited, and a new one keeps the promise of its topic."""

import copy
import hashlib
from itertools import combinations

import pytest

from schemas import topics
from schemas.topics import SCHEMAS
from tests.contract.compatibility import broken

FOLDER = SCHEMAS / "json"
EVENT_TOPICS = [topic for topic in topics.load().values() if topic.event]


def test_released_versions_are_as_released():
    """Their digests stand beside them; a change needs a new version, and a new version its digest."""
    lines = (FOLDER / "released.sha256").read_text("utf-8").splitlines()
    released = {path: digest for digest, path in (line.split("  ") for line in lines)}
    there = {
        path.relative_to(FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(FOLDER.glob("*/*.json"))
    }
    assert there == released, "add a new version instead; `sha256sum */*.json > released.sha256` records it"


@pytest.mark.parametrize("topic", EVENT_TOPICS, ids=lambda topic: topic.name)
def test_versions_are_compatible_with_all_before(topic):
    for older, newer in combinations([version.json_schema() for version in topic.versions], 2):
        reader, writer = (newer, older) if topic.direction == "inbound" else (older, newer)
        assert broken(reader, writer) == []


@pytest.fixture
def old():
    return topics.get_topic(topics.KEYSTROKES).versions[0].json_schema()


@pytest.fixture
def new(old):
    return copy.deepcopy(old)


def test_optional_field_may_be_added(old, new):
    new["properties"]["firmware"] = {"type": "string"}
    assert broken(new, old) == []


def test_wider_limits_are_compatible(old, new):
    """More channels, another key, a longer name: what was sent before still fits."""
    new["$defs"]["channel"]["maximum"] = 128
    new["$defs"]["key_press"]["properties"]["k"]["enum"].append("ENTER")
    del new["$defs"]["name"]["maxLength"]
    assert broken(new, old) == []
    assert set(broken(old, new)) >= {"$.channel: maximum 128 became 64", "$.keys[].k: ENTER is no longer allowed"}


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda new: new["required"].append("previous"), "$.previous: is now required"),
        (lambda new: new["properties"].pop("unit"), "$.unit: is no longer known"),
        (lambda new: new["$defs"]["channel"].update(maximum=32), "$.channel: maximum 64 became 32"),
        (lambda new: new["$defs"]["field"]["enum"].remove("weight"), "$.field: weight is no longer allowed"),
        (lambda new: new["properties"]["seq"].update({"$ref": "#/$defs/id"}), "$.seq: integer is no longer allowed"),
        (lambda new: new["properties"].update(previous={"$ref": "#/$defs/quantity"}), "$.previous: null is no longer"),
        (lambda new: new["$defs"]["commit"]["required"].append("warned"), "$.commit.warned: is now required"),
        (lambda new: new["$defs"]["time"].update(pattern="Z$"), "$.at: pattern is not what it was"),
        (lambda new: new["$defs"]["quantity"].update(minimum=1), "$.commit.value: minimum 0 became 1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_breaking_edit_is_named(old, new, edit, reason):
    """Each names the place and what an old publisher would run into."""
    edit(new)
    assert any(line.startswith(reason) for line in broken(new, old)), broken(new, old)

"""The topics of the platform, each declared once in `schemas/topics/<topic>.yaml`.

Pure data: creating them on a broker and checking a broker against them is `services.topics`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import yaml

from schemas import events

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYSTROKES = "pump.keystrokes.v1"
POWER = "pump.power.v1"
DOSE_SCORES = "pump.dose-scores.v1"
POWER_EPISODES = "pump.power-episodes.v1"
ALERTS = "pump.alerts.v1"
ALERT_ACTIONS = "pump.alert-actions.v1"
ROLLUPS = "pump.rollups.v1"
INTENT_STATE = "pump.intent-state.v1"
DRUG_LIBRARY = "pump.drug-library.v1"
MAINTENANCE = "pump.maintenance.v1"
AUDIT = "pump.audit.v1"

SCHEMAS = Path(__file__).parent


class Example(msgspec.Struct, frozen=True):
    """One example record value: the file it stands in and its bytes. `good` is false where it must be refused."""

    path: Path
    good: bool

    @property
    def situation(self) -> str:
        """What the example shows, from its file name."""
        return self.path.stem

    @property
    def raw(self) -> bytes:
        """The bytes as they would stand in the topic."""
        return self.path.read_bytes()


class Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One schema version of a topic; `schema` and `examples` are paths below schemas/json and schemas/examples."""

    version: int
    schema: str
    examples: str

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema (2020-12) of this version."""
        schema: dict[str, Any] = json.loads((SCHEMAS / "json" / self.schema).read_text("utf-8"))
        return schema

    def iter_examples(self) -> Iterator[Example]:
        """The examples of this version, good ones first."""
        for kind in ("good", "bad"):
            for path in sorted((SCHEMAS / "examples" / self.examples / kind).glob("*.json")):
                yield Example(path, kind == "good")


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One topic as its YAML declares it.

    Attributes:
        key: what the record key holds, in words.
        partitions: how many a production cluster gets; `copartitioned` topics always have the same number.
        direction: `inbound` (closed schema, pumps and people write) or `outbound` (open schema, Pumpwatch writes).
        config: topic settings of Kafka, names and values as `kafka-configs` takes them.
        kind: name of the Struct in `schemas.events`, or None where values are raw bytes or not published yet.
        ce_type: the CloudEvents type of its records.
        dead_letter: the topic that takes the records refused here.
        confidential: whether only operators may subscribe, because it tells who did what.
    """

    name: str = msgspec.field(name="topic")
    owner: str
    description: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    key: str
    partitions: int
    copartitioned: bool
    direction: Literal["inbound", "outbound"]
    compatibility: Literal["BACKWARD_TRANSITIVE", "FORWARD_TRANSITIVE", "NONE"]
    config: dict[str, str]
    kind: str | None = msgspec.field(name="event", default=None)
    ce_type: str | None = None
    dead_letter: str | None = None
    confidential: bool = False
    versions: tuple[Version, ...] = ()

    @property
    def event(self) -> type[msgspec.Struct] | None:
        """The Struct its values decode to."""
        return None if self.kind is None else getattr(events, self.kind)


@cache
def load() -> dict[str, Topic]:
    """All topics by name, in the order of their names."""
    found = {}
    for path in sorted((SCHEMAS / "topics").glob("*.yaml"), key=lambda path: path.stem):
        declared = yaml.safe_load(path.read_text("utf-8"))
        try:
            topic = msgspec.convert(declared, Topic)
        except msgspec.ValidationError as error:
            raise ValueError(f"{path.name}: {error}") from None
        found[topic.name] = topic
    return found


def list_topics() -> list[str]:
    """Names of all topics."""
    return list(load())


def get_topic(name: str) -> Topic:
    """The topic of that name; KeyError names the known ones."""
    try:
        return load()[name]
    except KeyError:
        raise KeyError(f"no topic `{name}`; there are {', '.join(load())}") from None


def iter_examples(name: str, *, good: bool | None = None) -> Iterator[Example]:
    """The examples of every version of a topic; only good or only bad ones when asked."""
    for version in get_topic(name).versions:
        for example in version.iter_examples():
            if good is None or example.good == good:
                yield example

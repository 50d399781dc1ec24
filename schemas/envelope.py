"""Record headers: CloudEvents 1.0, binary mode, so that a subscriber can route without reading the value."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from schemas import codec, topics

if TYPE_CHECKING:
    from schemas.events import (
        Alert,
        AlertAction,
        AuditEvent,
        DoseScore,
        DrugLibrary,
        IntentState,
        KeystrokeEvent,
        MaintenanceWindow,
        PowerEpisode,
        PowerEvent,
        Rollup,
    )

    Event = (
        KeystrokeEvent
        | PowerEvent
        | DoseScore
        | PowerEpisode
        | Alert
        | AlertAction
        | AuditEvent
        | Rollup
        | IntentState
        | DrugLibrary
        | MaintenanceWindow
    )

_FIXED = [("ce_specversion", b"1.0"), ("content-type", b"application/json")]


def headers(event: Event, topic: str) -> list[tuple[str, bytes]]:
    """Headers of the record that carries `event` to `topic`; KeyError where the topic has no event type.

    `ce_source` is where it happened: the hospital and, for what concerns one pump, the pump.
    """
    ce_type = topics.get_topic(topic).ce_type
    if ce_type is None:
        raise KeyError(f"topic `{topic}` carries no events")
    return [
        ("ce_id", event.id.encode()),
        ("ce_type", ce_type.encode()),
        ("ce_source", _source(event.hospital, getattr(event, "pump", None))),
        ("ce_time", codec.rfc3339(event.at).encode()),
        *_FIXED,
    ]


@lru_cache(maxsize=65_536)
def _source(hospital: str, pump: str | None) -> bytes:
    source = f"/hospitals/{quote(hospital, safe='')}"
    return (f"{source}/pumps/{quote(pump, safe='')}" if pump else source).encode()

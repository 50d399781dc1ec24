"""The refusal of an event: its class, which metrics count, and a reason a person understands."""

from __future__ import annotations

from typing import Literal

ErrorClass = Literal[
    "not_utf8",  # the bytes are not UTF-8
    "not_json",  # they are text but not one JSON value: empty, cut, NaN
    "too_large",  # longer than the topic's values may be
    "schema",  # JSON that does not fit the schema: missing field, wrong type, out of range, name given twice
    "unknown_field",  # a field the closed schema does not have
    "clock",  # event time implausible against the record's time
    "key",  # record key is not the one its events are kept in order by
    "duplicate",  # this event was seen before
    "late",  # its entry was closed as abandoned
    "scoring",  # fits the schema, but no score can be computed
]

SHOWN = 60  # characters of a refused value that a reason repeats: enough to recognise it, short enough for a header


class EventRefused(Exception):  # noqa: N818 - a refusal is an outcome, not a failure of ours
    """An event cannot be taken. `error_class` is one of `ErrorClass`, `reason` one sentence with the remedy."""

    def __init__(self, error_class: ErrorClass, reason: str) -> None:
        super().__init__(reason)
        self.error_class: ErrorClass = error_class
        self.reason = reason


def quote(text: str, mark: str = "`") -> str:
    """A name or value from outside, shortened and without anything unprintable."""
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return mark + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown) + mark

"""A name given twice in one JSON object: parsers keep one of the two values, and not all keep the same one.

A dose read differently by two readers is a hazard, so such an event is refused. Looking for repeats with a Python
parser costs 10 µs; for almost every event counting quotes proves in about 1 µs that there is none: without
escapes, half the quotes of a document enclose its names and its texts. The texts are known from the decoded event,
and which optional fields are present from a decode of only those. If the names then number no more than must be
there, none stands twice.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, inspect
from msgspec.structs import astuple

from schemas.events import AlertAction, KeystrokeEvent, PowerEvent
from schemas.refusals import EventRefused, quote

if TYPE_CHECKING:
    from collections.abc import Callable

_BACKSLASH = b"\\"[0]
_Seen = msgspec.Raw | msgspec.UnsetType


class _CommitSeen(msgspec.Struct):
    warned: _Seen = UNSET


class EachNameOnce:
    """Refuses events of one closed kind that give a name twice in an object."""

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        fields = msgspec.structs.fields(kind)
        seen: list[tuple[str, Any, Any]] = [
            (field.name, _CommitSeen | None | msgspec.UnsetType if field.name == "commit" else _Seen, UNSET)
            for field in fields
            if not field.required
        ]
        self._decode_seen = msgspec.json.Decoder(msgspec.defstruct("Seen", seen)).decode
        self._base = len(fields) + sum(_is_text(field.type) for field in fields if field.required)
        self._count = _COUNTS.get(kind)

    def check(self, event: Any, raw: bytes) -> None:
        """Raise EventRefused if an object of `raw`, which decoded to `event`, gives a name twice."""
        if self._count and _BACKSLASH not in raw:
            seen = self._decode_seen(raw)
            absent = astuple(seen).count(UNSET)
            if raw.count(b'"') == 2 * (self._base - absent + self._count(event, seen, raw)):
                return
        json.loads(raw, object_pairs_hook=_refuse_repeated)


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        given = [name for name, _ in pairs]
        twice = next(name for name in given if given.count(name) > 1)
        raise EventRefused("schema", f"field {quote(twice)} is given more than once; send it once")
    return names


def _is_text(annotation: Any) -> bool:
    kind = inspect.type_info(annotation)
    return isinstance(kind, inspect.StrType | inspect.LiteralType | inspect.DateTimeType)


def _count_entry(event: KeystrokeEvent, seen: Any, raw: bytes) -> int:
    """Names inside `keys` and `commit`, and texts beyond the required fields."""
    keys, commit = event.keys, event.commit
    count = 4 * len(keys)  # `k` with its text, `t` and `hold`
    unknown = sum([key.hold is None for key in keys])
    # A hold that is not known is null or absent. If each null found stands for one key, then none is hidden behind
    # a second value of the same name; if none is found, the count without them must fit.
    if unknown and raw.count(b'"hold":null') != unknown:
        count -= unknown
    if commit is not None:
        count += 3 if seen.commit.warned is UNSET else 4
        count += commit.warned is not None
    return count


def _count_power(event: PowerEvent, _seen: Any, _raw: bytes) -> int:
    return (event.location is not None) + len(event.drugs or ())


def _count_action(event: AlertAction, _seen: Any, _raw: bytes) -> int:
    return (event.pump is not None) + (event.comment is not None)


# Names in inner objects plus texts beyond those every event of the kind has. A drug library is read once in a while,
# so it has no count and is always parsed.
_COUNTS: dict[type, Callable[[Any, Any, bytes], int]] = {
    KeystrokeEvent: _count_entry,
    PowerEvent: _count_power,
    AlertAction: _count_action,
}

"""Bytes of a record value to a typed event and back.

Decoding is on the path of every record, so what a valid event pays is one msgspec pass and a few scans of the bytes;
everything slower happens only once a scan says that it may be needed. What the schema cannot say (the size, a name
given twice, control characters in a name, times that are not UTC) is refused here too, so that an event that was
decoded needs no second look.
"""

from __future__ import annotations

import json
import math
import re
import threading
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, NoReturn, Protocol, TypeVar

import msgspec

from schemas.events import DrugLibrary
from schemas.explanations import explain
from schemas.refusals import EventRefused, quote
from schemas.repeats import EachNameOnce

__all__ = ["EventRefused", "check_key", "check_plausible", "decode", "encode", "from_ms", "ms", "rfc3339"]

MAX_BYTES = 256 * 1024  # an entry of 256 keys, the longest event, takes about 12 KiB
MAX_LIBRARY_BYTES = 4 * 1024 * 1024  # about 10,000 rows
AHEAD_S = 24 * 3600  # a pump set to another time zone is still taken
BEHIND_S = 35 * 86400  # a pump that was off the network for a month is still taken

_BACKSLASH, _DELETE = b"\\"[0], 0x7F  # a single byte is found ten times faster as a number
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# Control characters, line separators and writing-direction overrides: a name with one looks like another name.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_CONTROL_IN_PROSE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_CONTROL_BYTES = re.compile(rb"\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
_PROSE = {"comment"}  # written by people in a text box, where a line break is no accident

T = TypeVar("T", bound=msgspec.Struct)


class _Dated(Protocol):
    @property
    def at(self) -> datetime: ...


class _Reader:
    """What decoding one kind of event needs, prepared once."""

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        self.kind = kind
        self.decode = msgspec.json.Decoder(kind).decode
        self.limit = MAX_LIBRARY_BYTES if kind is DrugLibrary else MAX_BYTES
        self.moments = {path: attrgetter(path) for path in _moments(kind)}
        self.check_names = EachNameOnce(kind).check if kind.__struct_config__.forbid_unknown_fields else None


_readers: dict[type, _Reader] = {}
_one_at_a_time = threading.Lock()
_needles: dict[type, tuple[bytes, ...]] = {}
_encoder = msgspec.json.Encoder()


def _prepared(kind: type[msgspec.Struct]) -> _Reader:
    # While one thread works out what a class holds, msgspec lets another use the half of it that is there, and crashes.
    with _one_at_a_time:
        if kind not in _readers:
            _readers[kind] = _Reader(kind)
        return _readers[kind]


def decode(kind: type[T], raw: bytes) -> T:
    """The event in a record value. Raises EventRefused with a reason that names the field and the remedy."""
    reader = _readers.get(kind)
    if reader is None:
        reader = _prepared(kind)
    if not raw:
        raise EventRefused("not_json", "the value is empty; send one JSON object in each record")
    if len(raw) > reader.limit:
        size, limit = f"{len(raw):,} bytes", f"{reader.limit:,}"
        raise EventRefused("too_large", f"the value has {size}, more than the {limit} allowed; send less at once")
    try:
        event: Any = reader.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        event = _with_whole_floats(kind, raw, error)
    if event.at.tzinfo is not UTC or len(reader.moments) > 1:
        _check_utc(event, reader.moments)
    if _BACKSLASH in raw or _DELETE in raw or not (raw.isascii() or _CONTROL_BYTES.search(raw) is None):
        _check_text(event, "")
    if reader.check_names:
        reader.check_names(event, raw)
    return event  # type: ignore[no-any-return]


def encode(event: msgspec.Struct) -> bytes:
    """The record value of an event: JSON, times in UTC with milliseconds and a Z."""
    raw = _encoder.encode(event)
    for needle in _needles.get(type(event)) or _find_needles(type(event)):
        start = raw.find(needle) + len(needle)
        if start >= len(needle):
            end = raw.index(b'"', start)
            raw = raw[:start] + _milliseconds(raw[start:end]) + raw[end:]
    return raw


def ms(at: datetime) -> int:
    """Milliseconds since 1970 of an aware time; fractions of a millisecond are cut."""
    return (at - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """The UTC time of milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def rfc3339(at: datetime) -> str:
    """An aware UTC time as it stands in a record: with milliseconds, cut, and a Z."""
    return f"{at.isoformat(timespec='milliseconds')[:23]}Z"


def check_plausible(event: _Dated, record_timestamp_ms: int) -> None:
    """Refuse an event whose time is more than 24 h ahead of its record's timestamp or 35 days behind it.

    A record without a timestamp (Kafka says -1) cannot be compared and passes.
    """
    ahead = event.at.timestamp() - record_timestamp_ms / 1000
    if -BEHIND_S <= ahead <= AHEAD_S or record_timestamp_ms < 0:
        return
    off = f"{abs(ahead) / 86400:,.1f} days {'ahead of' if ahead > 0 else 'behind'} the record's own time"
    raise EventRefused("clock", f"field `at`: {rfc3339(event.at)} is {off}; set the pump's clock")


def check_key(key: bytes | None, expected: str) -> None:
    """Refuse a record whose key is not the one its events are kept in order by."""
    if key != expected.encode():
        came = "no key" if key is None else quote(key.decode("utf-8", "replace"), '"')
        raise EventRefused("key", f"the record key must be {quote(expected, chr(34))}, got {came}; key records so")


def _milliseconds(time: bytes) -> bytes:
    if not time.endswith(b"Z"):
        at = datetime.fromisoformat(time.decode())
        if at.tzinfo is None:
            raise ValueError(f"{time.decode()} has no time zone")
        time = at.astimezone(UTC).isoformat(timespec="microseconds").encode()
    return time[:19] + ((time[19:23] if time[19:20] == b"." else b".000") + b"Z")


def _find_needles(kind: type[msgspec.Struct]) -> tuple[bytes, ...]:
    """How the times of a kind of event begin in its JSON; no text can hold one, its quotes would be escaped."""
    names = dict.fromkeys(path.rpartition(".")[2] for path in _moments(kind))
    _needles[kind] = tuple(f'"{name}":"'.encode() for name in names)
    return _needles[kind]


def _moments(kind: type[msgspec.Struct], below: str = "") -> list[str]:
    """Paths of all times in a kind of event."""
    found = []
    for field in msgspec.structs.fields(kind):
        if "datetime" in repr(field.type):
            found.append(below + field.name)
        elif isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found += _moments(field.type, f"{below}{field.name}.")
    return found


def _with_whole_floats(kind: type, raw: bytes, error: Exception) -> Any:
    """Decode once more where 3.0 stands for a whole number: to JSON both are the same number."""
    if "`, got `float`" in str(error):
        try:
            document = json.loads(raw, parse_float=_whole, parse_constant=_refuse_constant)
            return msgspec.convert(document, kind)
        except msgspec.ValidationError as again:
            error = again
        except (ValueError, RecursionError):
            pass
    raise explain(kind, raw, error) from None


def _whole(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return int(number) if number.is_integer() else number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check_utc(event: Any, moments: dict[str, attrgetter[datetime | None]]) -> None:
    for path, moment in moments.items():
        at = moment(event)
        if at is not None and at.tzinfo is not UTC:
            shown = f"field `{path}`: {at.isoformat()} is not UTC"
            raise EventRefused("schema", f"{shown}; send it in UTC with a Z at the end")


def _check_text(value: Any, path: str) -> None:
    """Refuse control characters in any text of the event, its keys of maps included."""
    if isinstance(value, str):
        pattern = _CONTROL_IN_PROSE if path in _PROSE else _CONTROL
        if pattern.search(value):
            raise EventRefused(
                "schema", f"field `{path}`: {quote(value, chr(34))} holds a control character; remove it"
            )
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _check_text(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, dict):
        for name, below in value.items():
            _check_text(name, path)
            _check_text(below, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for index, below in enumerate(value):
            _check_text(below, f"{path}[{index}]")

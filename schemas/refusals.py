"""Why an event was refused, in one sentence a person understands: the field, what was expected, what came.

Only refused events come here, so it takes the time to parse the value again and look at it.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from functools import cache
from typing import Any, Literal

import msgspec
from msgspec import inspect

ErrorClass = Literal[
    "not_utf8",  # the bytes are not UTF-8
    "not_json",  # they are text but not one JSON value: empty, cut, NaN
    "too_large",  # longer than the topic's values may be
    "schema",  # JSON that does not fit the schema: missing field, wrong type, out of range, name given twice
    "unknown_field",  # a field the closed schema does not have
    "clock",  # event time implausible against the record's time
    "key",  # record key is not the pump
    "duplicate",  # this event was seen before
    "late",  # its entry was closed as abandoned
    "scoring",  # fits the schema, but no score can be computed
]

_SHOWN = 60  # characters of a refused value that a reason repeats: enough to recognise it, short enough for a header
_PLACE = re.compile(r" - at (?:`key` in )?`\$\.?(?P<path>.*)`$", re.DOTALL)
_STEP = re.compile(r"\[(\d+|\.\.\.)\]|([^.\[\]]+)")
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_BYTE = re.compile(r"\(byte (\d+)\)$")


class EventRefused(Exception):  # noqa: N818 - a refusal is an outcome, not a failure of ours
    """An event cannot be taken. `error_class` is one of `ErrorClass`, `reason` one sentence with the remedy."""

    def __init__(self, error_class: ErrorClass, reason: str) -> None:
        super().__init__(reason)
        self.error_class: ErrorClass = error_class
        self.reason = reason


class _LongNumber(str):
    """Digits of a whole number too long to be worth converting."""

    __slots__ = ()


def explain(kind: type, raw: bytes, error: Exception) -> EventRefused:
    """Turn a decoder's error on `raw` into a refusal."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as broken:
        hint = "; it looks like UTF-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else ""
        byte = f"byte {broken.start} (0x{raw[broken.start]:02x})"
        return EventRefused("not_utf8", f"the value is not UTF-8: {byte} does not fit{hint}; send UTF-8")
    if not isinstance(error, msgspec.ValidationError):
        return EventRefused("not_json", _broken(text, error))
    message = str(error)
    place = _PLACE.search(message)
    path = place["path"] if place else ""
    message = message[: place.start()] if place else message
    if missing := _MISSING.fullmatch(message):
        field = _join(path, missing[1])
        return EventRefused("schema", f"field {quote(field)} is missing; send {_expected(kind, field)}")
    if unknown := _UNKNOWN.fullmatch(message):
        return EventRefused("unknown_field", _not_ours(kind, path, unknown[1]))
    return EventRefused("schema", _misfit(kind, path, message, text))


def quote(text: str, mark: str = "`") -> str:
    """A name or value from outside, shortened and without anything unprintable."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return mark + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown) + mark


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _not_ours(kind: type, path: str, name: str) -> str:
    holder = _type_at(kind, path)
    known = [field.encode_name for field in holder.fields] if isinstance(holder, inspect.StructType) else []
    close = difflib.get_close_matches(name[:_SHOWN], known, n=1)
    remedy = f"did you mean `{close[0]}`?" if close else "leave it out"
    return f"field {quote(_join(path, name))} is not part of {kind.__name__}; {remedy}"


def _misfit(kind: type, path: str, message: str, text: str) -> str:
    where = f"field {quote(path)}" if path else "the value"
    came, value = _came(text, path)
    if "timezone component" in message:
        return f"{where}: {came} has no time zone; send UTC with a Z at the end, like 2026-11-23T17:04:05.123Z"
    remedy = ""
    if "got `str`" in message and ("`int" in message or "`float" in message):
        remedy = "; send it without quotes"
    elif value is None and "got `null`" in message:
        remedy = "; it must not be null"
    return f"{where}: expected {_expected(kind, path)}, got {came or message}{remedy}"


def _came(text: str, path: str) -> tuple[str, Any]:
    """What stands at the path, in words, and its value; empty words where it cannot be found again."""
    try:
        value = json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < 40 else _LongNumber(digits))
        for index, name in _STEP.findall(path):
            value = value[int(index)] if index else value[name]
    except (ValueError, LookupError, TypeError, RecursionError):
        return "", ...
    return _words(value), value


def _words(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _LongNumber():
            return f"a whole number of {len(value)} digits"
        case int() | float():
            return "a number beyond what JSON readers hold" if value in {math.inf, -math.inf} else f"{value}"
        case str() if len(value) > _SHOWN:
            return f"a text of {len(value)} characters"
        case str():
            return f"the text {quote(value, chr(34))}"
        case list():
            return f"a list of {len(value)}"
        case _:
            return "an object"


def _expected(kind: type, path: str) -> str:
    """What the schema wants at the path, in words."""
    return _describe(_type_at(kind, path, unwrap=False))


@cache
def _root(kind: type) -> inspect.Type:
    return inspect.type_info(kind)


def _type_at(kind: type, path: str, *, unwrap: bool = True) -> inspect.Type:
    here = _root(kind)
    for index, name in _STEP.findall(path):
        holder = _without_null(here)
        if isinstance(holder, inspect.StructType):
            here = next((f.type for f in holder.fields if f.encode_name == name), inspect.AnyType())
        elif isinstance(holder, inspect.ListType):
            here = holder.item_type
        elif isinstance(holder, inspect.TupleType) and index:
            here = holder.item_types[min(int(index), len(holder.item_types) - 1)]
        elif isinstance(holder, inspect.DictType):
            here = holder.value_type
        else:
            return inspect.AnyType()
    return _without_null(here) if unwrap else here


def _without_null(type_info: inspect.Type) -> inspect.Type:
    if isinstance(type_info, inspect.Metadata):
        type_info = type_info.type
    if isinstance(type_info, inspect.UnionType):
        return next(t for t in type_info.types if not isinstance(t, inspect.NoneType))
    return type_info


def _describe(type_info: inspect.Type) -> str:
    plain = _without_null(type_info)
    words = "another value"
    match plain:
        case inspect.IntType() | inspect.FloatType():
            words = "a whole number" if isinstance(plain, inspect.IntType) else "a number"
            if plain.gt is not None:
                words += f" above {plain.gt:g}"
            if plain.ge is not None:
                words += f" from {plain.ge:g}"
            if plain.le is not None:
                words += f" to {int(plain.le)}"
        case inspect.StrType():
            words = "a text"
            if plain.max_length:
                words += f" of {plain.min_length or 0} to {plain.max_length} characters"
            elif plain.min_length:
                words += " that is not empty"
        case inspect.LiteralType():
            words = "one of " + ", ".join(str(value) for value in plain.values)
        case inspect.DateTimeType():
            words = "a time in UTC like 2026-11-23T17:04:05.123Z"
        case inspect.BoolType():
            words = "true or false"
        case inspect.ListType():
            words = f"a list of at most {plain.max_length}" if plain.max_length else "a list"
            words = "a list of at least 1" if plain.min_length else words
        case inspect.TupleType():
            words = f"a list of {len(plain.item_types)}"
        case inspect.StructType() | inspect.DictType():
            words = "an object"
        case _:
            pass
    return words if plain is _unmeta(type_info) else f"{words} or null"


def _unmeta(type_info: inspect.Type) -> inspect.Type:
    return type_info.type if isinstance(type_info, inspect.Metadata) else type_info


def _broken(text: str, error: Exception) -> str:
    """Why a text is not one JSON value."""
    if not text.strip():
        return "the value is empty; send one JSON object in each record"
    if text.startswith("\ufeff"):
        return "the value starts with a byte order mark; send UTF-8 without one"
    if isinstance(error, RecursionError):
        return "the value is nested too deeply; no schema of ours goes deeper than four levels"
    message = str(error)
    if "truncated" in message:
        return f"the JSON ends in the middle, after {len(text.encode())} bytes; send the whole object"
    if number := _not_a_number(text):
        return f"field {quote(number[0])}: {number[1]} is not JSON; send null or leave the field out"
    if "trailing" in message:
        return "something follows the JSON object; send one object in each record"
    if "surrogate" in message:
        return "a \\u escape holds half of a surrogate pair; send the character itself in UTF-8"
    where = _BYTE.search(message)
    near = text.encode()[int(where[1]) :][:12].decode("utf-8", "replace") if where else ""
    if near and ord(near[0]) < 32:
        return f"a text holds the raw control character {quote(near[0])}; escape it or leave it out"
    what = message.removeprefix("JSON is malformed: ")
    return f"the value is not JSON: {what}" + (f", near {quote(near)}" if near else "")


def _not_a_number(text: str) -> tuple[str, str] | None:
    """Path and spelling of the first NaN or Infinity, which some writers put where JSON has no number."""
    try:
        value = json.loads(text, parse_int=str)
    except (ValueError, RecursionError):
        return None
    todo: list[tuple[str, Any]] = [("", value)]
    while todo:
        path, here = todo.pop()
        if isinstance(here, float) and not math.isfinite(here):
            return path, "NaN" if math.isnan(here) else "Infinity"
        if isinstance(here, dict):
            todo += [(_join(path, name), below) for name, below in here.items()]
        elif isinstance(here, list):
            todo += [(f"{path}[{index}]", below) for index, below in enumerate(here)]
    return None

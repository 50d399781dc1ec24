"""Why a value could not be decoded, in one sentence: the field, what was expected, what came, the remedy.

Only refused values come here, so it takes the time to parse the value again and look at it.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from typing import Any

import msgspec

from schemas.expectations import expected, known_fields, steps
from schemas.refusals import SHOWN, EventRefused, quote

_PLACE = re.compile(r" - at (?:`key` in )?`\$\.?(?P<path>.*)`$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_BYTE = re.compile(r"\(byte (\d+)\)$")
_NOT_LISTED = re.compile(r"Invalid enum value '(.*)'", re.DOTALL)
_GOT = re.compile(r"got `(\w+)`$")
_KINDS = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false", "array": "a list"}
_BROKEN = {  # what the decoder says of text that is not one JSON value, and what we say of it
    "RecursionError": "the value is nested too deeply; no schema of ours goes deeper than four levels",
    "truncated": "the JSON ends in the middle; send the whole object",
    "trailing": "something follows the JSON object; send one object in each record",
    "surrogate": "a \\u escape holds half of a surrogate pair; send the character itself in UTF-8",
}


class _LongNumber(str):
    """Digits of a whole number too long to be worth converting."""

    __slots__ = ()


def explain(kind: type, raw: bytes, error: Exception) -> EventRefused:
    """Turn a decoder's error on `raw` into a refusal."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as broken:
        byte = f"byte {broken.start} (0x{raw[broken.start]:02x})"
        hint = " (it looks like UTF-16)" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else ""
        return EventRefused("not_utf8", f"the value is not UTF-8: {byte} does not fit{hint}; send UTF-8")
    if not isinstance(error, msgspec.ValidationError):
        return EventRefused("not_json", _why_not_json(text, error))
    message, path = str(error), ""
    if place := _PLACE.search(message):
        message, path = message[: place.start()], place["path"]
    if missing := _MISSING.fullmatch(message):
        field = _join(path, missing[1])
        return EventRefused("schema", f"field {quote(field)} is missing; send {expected(kind, field)}")
    if unknown := _UNKNOWN.fullmatch(message):
        return EventRefused("unknown_field", _why_not_ours(kind, path, unknown[1]))
    return EventRefused("schema", _why_not_fitting(kind, path, message, text))


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _why_not_ours(kind: type, path: str, name: str) -> str:
    close = difflib.get_close_matches(name[:SHOWN], known_fields(kind, path), n=1)
    remedy = f"did you mean `{close[0]}`?" if close else "leave it out"
    return f"field {quote(_join(path, name))} is not part of {kind.__name__}; {remedy}"


def _why_not_fitting(kind: type, path: str, message: str, text: str) -> str:
    where = f"field {quote(path.replace('[...]', '.*'))}" if path else "the value"
    came = _came(text, path) or _came_by_type(message)
    if "timezone component" in message:
        return f"{where}: {came} has no time zone; send UTC with a Z at the end, like 2026-11-23T17:04:05.123Z"
    remedy = ""
    if "got `str`" in message and ("`int" in message or "`float" in message):
        remedy = "; send it without quotes"
    elif came == "null":
        remedy = "; it must not be null"
    return f"{where}: expected {expected(kind, path)}, got {came}{remedy}"


def _came(text: str, path: str) -> str:
    """What stands at the path, in words; nothing where it cannot be found again."""
    try:
        value = json.loads(text, parse_int=_short_int)
        for index, name in steps(path):
            value = value[int(index)] if index else value[name]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    match value:
        case bool() | None:
            return json.dumps(value)
        case _LongNumber():
            return f"a whole number of {len(value)} digits"
        case int() | float():
            return f"{value}" if math.isfinite(value) else "a number beyond what JSON readers hold"
        case str():
            return f"the text {quote(value, chr(34))}" if len(value) <= SHOWN else f"a text of {len(value)} characters"
    return f"a list of {len(value)}" if isinstance(value, list) else "an object"


def _came_by_type(message: str) -> str:
    """What came, from the decoder's words: it does not say which value of a map it means."""
    if text := _NOT_LISTED.fullmatch(message):
        return f"the text {quote(text[1], chr(34))}"
    kind = _GOT.search(message)
    return _KINDS.get(kind[1], kind[1]) if kind else "another one"


def _short_int(digits: str) -> int | _LongNumber:
    return int(digits) if len(digits) < 40 else _LongNumber(digits)


def _why_not_json(text: str, error: Exception) -> str:
    if not text.strip():
        return "the value is empty; send one JSON object in each record"
    if text.startswith("\ufeff"):
        return "the value starts with a byte order mark; send UTF-8 without one"
    if number := _not_a_number(text):
        return f"field {quote(number[0])}: {number[1]} is not JSON; send null or leave the field out"
    message = repr(error) if isinstance(error, RecursionError) else str(error)
    for word, reason in _BROKEN.items():
        if word in message:
            return reason
    where = _BYTE.search(message)
    near = text.encode()[int(where[1]) :][:12].decode("utf-8", "replace") if where else ""
    if near and ord(near[0]) < 0x20:
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

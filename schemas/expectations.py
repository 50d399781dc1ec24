"""What the schema of an event wants at a place, in words, read from the typed events."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from msgspec import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP = re.compile(r"\[(?P<index>\d+|\.\.\.)\]|(?P<name>[^.\[\]]+)")


def steps(path: str) -> Iterator[tuple[str | None, str | None]]:
    """The steps of a path like `keys[3].t`: each the index in a list or the name in an object.

    The index is `...` where a decoder does not say which entry of a map it means.
    """
    for step in _STEP.finditer(path):
        yield step["index"], step["name"]


def expected(kind: type, path: str) -> str:
    """What `kind` wants at `path`, for example "a whole number from 1 to 64"."""
    here = _type_at(kind, path)
    plain = _without_null(here)
    nullable = isinstance(_without_metadata(here), inspect.UnionType)
    return _words(plain) + (" or null" if nullable else "")


def known_fields(kind: type, path: str) -> list[str]:
    """Names of the fields of the object at `path`; none where it is not an object with fields."""
    here = _without_null(_type_at(kind, path))
    return [field.encode_name for field in here.fields] if isinstance(here, inspect.StructType) else []


@cache
def _root(kind: type) -> inspect.Type:
    return inspect.type_info(kind)


def _type_at(kind: type, path: str) -> inspect.Type:
    here = _root(kind)
    for index, name in steps(path):
        here = _below(_without_null(here), index, name)
    return here


def _below(holder: inspect.Type, index: str | None, name: str | None) -> inspect.Type:
    match holder:
        case inspect.StructType():
            return next((field.type for field in holder.fields if field.encode_name == name), inspect.AnyType())
        case inspect.ListType():
            return holder.item_type
        case inspect.TupleType():
            return holder.item_types[int(index or 0)]
        case inspect.DictType():
            return holder.value_type
    return inspect.AnyType()


def _without_metadata(here: inspect.Type) -> inspect.Type:
    return here.type if isinstance(here, inspect.Metadata) else here


def _without_null(here: inspect.Type) -> inspect.Type:
    here = _without_metadata(here)
    if isinstance(here, inspect.UnionType):
        return _without_metadata(next(t for t in here.types if not isinstance(t, inspect.NoneType)))
    return here


def _words(plain: inspect.Type) -> str:
    match plain:
        case inspect.IntType() | inspect.FloatType():
            return _number(plain)
        case inspect.StrType():
            return _text(plain)
        case inspect.ListType():
            return _list(plain)
        case inspect.LiteralType():
            return "one of " + ", ".join(str(value) for value in plain.values)
    simple: dict[type[inspect.Type], str] = {
        inspect.DateTimeType: "a time in UTC like 2026-11-23T17:04:05.123Z",
        inspect.BoolType: "true or false",
        inspect.TupleType: "a list of two whole numbers",
        inspect.StructType: "an object",
        inspect.DictType: "an object",
    }
    return simple.get(type(plain), "another value")


def _number(plain: inspect.IntType | inspect.FloatType) -> str:
    words = "a whole number" if isinstance(plain, inspect.IntType) else "a number"
    if plain.gt is not None:
        words += f" above {plain.gt:g}"
    if plain.ge is not None:
        words += f" from {plain.ge:g}"
    if plain.le is not None:
        words += f"{' and up' if plain.gt is not None else ''} to {plain.le:.0f}"
    return words


def _text(plain: inspect.StrType) -> str:
    if plain.max_length:
        return f"a text of {plain.min_length or 0} to {plain.max_length} characters"
    return "a text that is not empty" if plain.min_length else "a text"


def _list(plain: inspect.ListType) -> str:
    if plain.max_length and plain.min_length:
        return f"a list of {plain.min_length} to {plain.max_length}"
    if plain.max_length:
        return f"a list of at most {plain.max_length}"
    return f"a list of at least {plain.min_length}" if plain.min_length else "a list"

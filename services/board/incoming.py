"""Reads what a request carries, within bounds: a field that does not fit is refused with its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import msgspec
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.requests import Request

LONGEST_BODY = 8 * 1024
LONGEST_NAME = 64

T = TypeVar("T", bound=msgspec.Struct)


async def body(request: Request) -> bytes:
    """The whole body; 413 where it is larger than any form or action can be."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > LONGEST_BODY:
            raise HTTPException(413, f"The request is larger than {LONGEST_BODY} bytes.")
    return bytes(read)


async def form(request: Request) -> dict[str, str]:
    """The fields of a posted form; of a field that is given twice, the first."""
    try:
        fields = parse_qs((await body(request)).decode(), keep_blank_values=True, max_num_fields=16)
    except ValueError:
        raise HTTPException(400, "The form cannot be read.") from None
    return {name: values[0] for name, values in fields.items()}


async def document(request: Request, kind: type[T]) -> T:
    """The JSON body as `kind`; 400 names what does not fit."""
    try:
        return msgspec.json.decode(await body(request), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HTTPException(400, f"The body does not fit: {error}.") from None


def hospital(request: Request) -> str | None:
    """The hospital that is asked for; None means all."""
    name = request.query_params.get("hospital")
    if name is not None and len(name) > LONGEST_NAME:
        raise HTTPException(400, f"`hospital` is longer than {LONGEST_NAME} characters.")
    return name or None


def named(request: Request, field: str) -> str:
    """The name in the path."""
    name: str = request.path_params[field]
    if len(name) > LONGEST_NAME:
        raise HTTPException(400, f"`{field}` is longer than {LONGEST_NAME} characters.")
    return name


def limit(request: Request, default: int, most: int) -> int:
    """How many are asked for."""
    return whole_number(request, "limit", default, most)


def whole_number(request: Request, field: str, default: int, most: int) -> int:
    """A number from 1 on that the query gives."""
    text = request.query_params.get(field)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > 6 or not 1 <= int(text) <= most:
        raise HTTPException(400, f"`{field}` is a whole number from 1 to {most}.")
    return int(text)


def zone(request: Request) -> ZoneInfo:
    """The reader's time zone by its IANA name; UTC unless the query gives one."""
    name = request.query_params.get("zone") or "UTC"
    try:
        return ZoneInfo(name[: LONGEST_NAME + 1])  # no zone has so long a name
    except (ValueError, OSError, KeyError):
        raise HTTPException(400, "`zone` is the IANA name of a time zone, for example Europe/Berlin.") from None


def local_path(target: str | None) -> str:
    """Where to go after the login: a path of this site, never another site."""
    if target is None or not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return "/"
    return target

"""The folder of published benchmarks: a file for each month, written once; and the operator's secret, kept elsewhere.

A month is never published twice: two versions of it, before and after a hospital opted out or told something late,
would differ by that hospital.
"""

from __future__ import annotations

import secrets
from string import hexdigits
from typing import TYPE_CHECKING

import msgspec

from services.reports.benchmarks import Release

if TYPE_CHECKING:
    from pathlib import Path

_KEY_BYTES = 32


class ReleaseError(ValueError):
    """A release that cannot be read, or that is there already; the text names its file."""


def key(file: Path) -> bytes:
    """The secret from which hospitals' factors follow; made at the first call, for its owner's eyes only.

    Who loses it gives each hospital a second factor, and who reads it can take the factors off.
    """
    if not file.exists():
        file.touch(mode=0o600, exist_ok=False)
        file.write_text(secrets.token_hex(_KEY_BYTES))
    found = file.read_text().strip()
    if len(found) != 2 * _KEY_BYTES or set(found) - set(hexdigits):
        raise ReleaseError(f"{file} is no secret of {_KEY_BYTES} bytes; put the first one back")
    return bytes.fromhex(found)


def publish(folder: Path, release: Release) -> Path:
    """Write the benchmarks of a month, whole or not at all. Raises ReleaseError where that month was published."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{release.month}.json"
    beside = file.with_name(f".{file.name}.part")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(release)) + b"\n")
    try:
        file.hardlink_to(beside)  # unlike a rename, it replaces nothing
    except FileExistsError:
        raise ReleaseError(f"{file} is there: a month is published once") from None
    finally:
        beside.unlink()
    return file


def published(folder: Path) -> list[Release]:
    """All releases of a folder, the oldest first. Raises ReleaseError for a file that is none."""
    found = []
    for file in sorted(folder.glob("20??-??.json")):
        try:
            found.append(msgspec.json.decode(file.read_bytes(), type=Release))
        except msgspec.MsgspecError as error:
            raise ReleaseError(f"{file}: {error}") from None
    return found

"""Tables from outside, row by row: CSV with a header, or NDJSON; gzipped or not; UTF-8."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, object]


class LogError(Exception):
    """A log that cannot be read; one line that names the file, the place and the remedy."""


def text_of(path: str) -> str:
    """The whole text of a file, of standard input if the path is `-`. Raises LogError."""
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise LogError(f"{path}: {error.strerror or error}") from None
    except (EOFError, zlib.error):
        raise LogError(f"{path}: the gzip file is cut off or damaged; fetch it again") from None
    except UnicodeDecodeError as error:
        raise LogError(f"{path}: byte {error.start} is not UTF-8; convert the file to UTF-8") from None


def rows_of(text: str, path: str) -> tuple[frozenset[str], Iterator[tuple[int, Row]]]:
    """The column names, and each row with its line number. Raises LogError, also while the rows are read."""
    if not text.strip():
        raise LogError(f"{path}: the file is empty")
    if text.lstrip().startswith("{"):
        rows = [(number, _json(line, number, path)) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        return frozenset(rows[0][1]), iter(rows)
    reader = csv.DictReader(io.StringIO(text))
    try:
        names = frozenset(name.strip() for name in reader.fieldnames or ())
    except csv.Error as error:
        raise LogError(f"{path}: line 1: {error}") from None

    def read() -> Iterator[tuple[int, Row]]:
        try:
            for row in reader:
                yield reader.line_num, {str(name).strip(): value for name, value in row.items()}
        except csv.Error as error:
            raise LogError(f"{path}: line {reader.line_num}: {error}") from None

    return names, read()


def _json(line: str, number: int, path: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise LogError(f"{path}: line {number} is not JSON") from None
    if not isinstance(row, dict):
        raise LogError(f"{path}: line {number} is not a JSON object")
    return row

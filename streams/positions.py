"""Where a derived record comes from: the source record's offset and its place among what that record produced.

Source and derived topics have the same partitions and a derived record goes to the partition of its source, so
positions only grow within a derived partition. A position seen before is a record sent again after a crash: one
number per partition tells duplicates apart, whatever the number of pumps.
"""

from __future__ import annotations

from typing import Any

Position = tuple[int, int]

BEFORE_ALL: Position = (-1, -1)
POSITION_HEADER = "pumpwatch-position"
SOURCE_HEADER = "pumpwatch-source"


def position_headers(source_topic: str, position: Position) -> list[tuple[str, str | bytes | None]]:
    """Headers that say which record of which topic a derived record comes from."""
    return [
        (SOURCE_HEADER, source_topic.encode()),
        (POSITION_HEADER, b"%d.%d" % position),
    ]


def read_position(headers: Any) -> tuple[str, Position] | None:
    """Source topic and position of a derived record, or None where somebody else wrote it.

    `headers` is what either Kafka client gives: pairs of a name and bytes, or None.
    """
    source = position = None
    for name, value in headers or ():
        if value is None:
            continue
        if name == POSITION_HEADER:
            offset, _, index = value.partition(b".")
            if offset.isdigit() and index.isdigit():
                position = (int(offset), int(index))
        elif name == SOURCE_HEADER:
            source = value.decode("utf-8", "replace")
    return (source, position) if source is not None and position is not None else None

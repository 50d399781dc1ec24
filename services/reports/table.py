"""A table of a report: the same rows for the page, the PDF, CSV and JSON."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["text", "count", "share", "points", "number", "times", "value"]
"""`share` is 0..1 and printed in percent, `points` a difference of shares, `value` what a pump shows."""


class Interval(NamedTuple):
    """A figure with the ends of its interval."""

    value: float
    low: float
    high: float


Value = str | int | float | date | Interval | None
"""None where there is nothing to say: nothing was counted that the figure could be a share of."""


class Column(NamedTuple):
    """One column. One with an interval has two more beside it in CSV and JSON, for its ends.

    Those that are not `shown` are in CSV and JSON alone.
    """

    name: str
    title: str
    kind: Kind = "count"
    interval: bool = False
    shown: bool = True


class Table(NamedTuple):
    """`name` is that of its file; `defined` are the definitions that are printed with it; `empty`: why it has no rows.

    `shown` is how many rows the page shows; CSV and JSON have them all.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: list[tuple[Value, ...]]
    defined: tuple[str, ...] = ()
    note: str = ""
    empty: str = "Nothing was counted."
    chart: str = ""
    shown: int = 40

    def plain_columns(self) -> list[str]:
        """The names of the columns as CSV and JSON have them."""
        return [name for column in self.columns for name in _plain_names(column)]

    def plain_rows(self) -> Iterator[list[Any]]:
        """The rows as CSV and JSON have them: an interval is three cells."""
        for row in self.rows:
            yield [cell for column, value in zip(self.columns, row, strict=True) for cell in _plain(column, value)]

    def shown_columns(self) -> list[Column]:
        """The columns that the page shows."""
        return [column for column in self.columns if column.shown]

    def shown_rows(self) -> Iterator[list[str]]:
        """The rows that the page shows, in words."""
        for row in self.rows[: self.shown]:
            cells = zip(self.columns, row, strict=True)
            yield [printed(value, column.kind) for column, value in cells if column.shown]

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        place = [column.name for column in self.columns].index(name)
        return [row[place] for row in self.rows]


def printed(value: Value, kind: Kind) -> str:
    """A value as people read it; an interval behind its value."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, Interval):
        low, high = (_number(end, kind).rstrip("%") for end in (value.low, value.high))
        return f"{_number(value.value, kind)} ({low} to {high})"
    if isinstance(value, (str, date)):
        return str(value)
    return _number(value, kind)


def _number(value: float, kind: Kind) -> str:
    match kind:
        case "share":
            return f"{value:.1%}"
        case "points":
            return f"{value * 100:+.1f}".replace("-", "\N{MINUS SIGN}")
        case "times":
            return f"{value:.2f}"
        case "number":
            return f"{value:,.1f}"
        case "value":
            return f"{value:.10g}"
        case _:
            return f"{value:,}"


def _plain_names(column: Column) -> list[str]:
    return [column.name, f"{column.name}_low", f"{column.name}_high"] if column.interval else [column.name]


def _plain(column: Column, value: Value) -> list[Any]:
    if isinstance(value, Interval):
        return list(value)
    return [value, None, None] if column.interval else [value]

"""Charts as plain SVG, in the colours of Okabe and Ito (2008), each value written beside its mark.

They hold nothing that the table beside them does not, and say so to who does not see them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup, escape

from services.reports.funnel_chart import funnel_chart
from services.reports.table import Interval, printed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from services.reports.table import Table

WIDTH = 700
_LEFT, _RIGHT = 215, 150
_BAR, _STEP = 16, 26
_LONGEST_LABEL = 28
_MOST_ROWS = 15
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#e69f00", "#009e73", "#9aa7b3"
_INK, _SOFT, _LINE = "#15212d", "#4a5968", "#d7dee6"


class Bar(NamedTuple):
    """A row of a bar chart: its parts from left to right."""

    label: str
    parts: tuple[float, ...]


def chart(table: Table) -> Markup:
    """The chart of a table, or nothing where it has none or no rows."""
    draw = _CHARTS.get(table.chart)
    return Markup() if draw is None or not table.rows else draw(table)


def _harm(table: Table) -> Markup:
    bars = [
        Bar(grade, (caught, flagged - caught))
        for grade, flagged, caught in zip(
            table.column("grade"), table.column("flagged"), table.column("avoided"), strict=True
        )
    ]
    return _bars(table, bars, (("near misses", BLUE), ("other flagged entries", GREY)))


def _slips(table: Table) -> Markup:
    names = ("caught", "corrected_otherwise", "stood", "open")
    bars = [Bar(row[0], row[1:]) for row in zip(table.column("slip"), *map(table.column, names), strict=True)]
    parts = (
        ("near misses", BLUE),
        ("corrected otherwise", GREEN),
        ("stood", ORANGE),
        ("given up or undecided", GREY),
    )
    return _bars(table, bars, parts)


def _precision(table: Table) -> Markup:
    rows = [(str(row[0]), row[-1]) for row in table.rows if isinstance(row[-1], Interval)]
    return _dots(table, rows, most=1.0, words=lambda value: printed(value, "share"))


def _practice(table: Table) -> Markup:
    places = zip(table.column("care_area"), table.column("shift"), table.column("times"), strict=True)
    rows = [(f"{area}, {shift}", times) for area, shift, times in places if times is not None]
    most = max((times.high for _, times in rows), default=1.0)
    return _dots(table, rows, most=max(most, 2.0), words=lambda value: printed(value, "times"), mark=1.0)


def _peers(table: Table) -> Markup:
    rows = list(zip(table.column("measure"), table.column("times"), strict=True))
    most = min(max((times.high for _, times in rows), default=1.0), 4.0)
    return _dots(table, rows, most=max(most, 2.0), words=lambda value: printed(value, "times"), mark=1.0)


def _training(table: Table) -> Markup:
    needed = zip(
        table.column("verdict"), table.column("unit"), table.column("lesson"), table.column("times"), strict=True
    )
    rows = [(f"{unit}: {lesson}", times) for verdict, unit, lesson, times in needed if verdict == "needed"]
    most = max((times.high for _, times in rows), default=1.0)
    return _dots(table, rows, most=max(most, 2.0), words=lambda value: printed(value, "times"), mark=1.0)


_CHARTS: dict[str, Callable[[Table], Markup]] = {
    "funnels": funnel_chart,
    "peers": _peers,
    "training": _training,
    "harm": _harm,
    "slips": _slips,
    "precision": _precision,
    "practice": _practice,
}


def _bars(table: Table, bars: Sequence[Bar], parts: Sequence[tuple[str, str]]) -> Markup:
    bars = [bar for bar in bars if sum(bar.parts)][:_MOST_ROWS]
    if not bars:
        return Markup()
    most = max(sum(bar.parts) for bar in bars)
    scale = (WIDTH - _LEFT - _RIGHT) / most
    drawn: list[Markup] = []
    for number, bar in enumerate(bars):
        top, left = number * _STEP + 30, float(_LEFT)
        drawn.append(_label(bar.label, top))
        for (_, colour), part in zip(parts, bar.parts, strict=True):
            if part > 0:
                drawn.append(_rect(left, top, part * scale, colour))
                left += part * scale
        numbers = " + ".join(f"{part:,.0f}" for part in bar.parts)
        drawn.append(_text(left + 6, top + 12, numbers, _SOFT))
    return _svg(table, drawn, len(bars), _legend(parts))


def _dots(
    table: Table,
    rows: Sequence[tuple[str, Interval]],
    *,
    most: float,
    words: Callable[[Interval], str],
    mark: float | None = None,
) -> Markup:
    rows = rows[:_MOST_ROWS]
    if not rows:
        return Markup()
    scale = (WIDTH - _LEFT - _RIGHT) / most
    bottom = len(rows) * _STEP + 26
    drawn = [_line(_LEFT, 24, _LEFT, bottom), _line(WIDTH - _RIGHT, 24, WIDTH - _RIGHT, bottom)]
    if mark is not None:
        at = _LEFT + mark * scale
        drawn += [_line(at, 24, at, bottom, _SOFT), _text(at, 16, "as the rest", _SOFT, anchor="middle")]
    for number, (label, value) in enumerate(rows):
        top = number * _STEP + 30
        drawn.append(_label(label, top))
        drawn.append(_line(_LEFT + value.low * scale, top + 8, _LEFT + value.high * scale, top + 8, BLUE, 3))
        drawn.append(_dot(_LEFT + value.value * scale, top + 8))
        drawn.append(_text(WIDTH - _RIGHT + 8, top + 12, words(value), _SOFT))
    return _svg(table, drawn, len(rows), Markup())


def _svg(table: Table, drawn: Iterable[Markup], rows: int, legend: Markup) -> Markup:
    height = rows * _STEP + 36
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
        'aria-label="{title}: chart of the table below" font-family="Arial, Liberation Sans, sans-serif" '
        'font-size="12">{legend}{drawn}</svg>'
    ).format(w=WIDTH, h=height, title=table.title, legend=legend, drawn=Markup().join(drawn))


def _legend(parts: Iterable[tuple[str, str]]) -> Markup:
    drawn, left = [], float(_LEFT)
    for words, colour in parts:
        drawn.append(_rect(left, 4, 12, colour, 12))
        drawn.append(_text(left + 17, 14, words, _SOFT))
        left += 34 + 6.4 * len(words)
    return Markup().join(drawn)


def _label(words: str, top: float) -> Markup:
    short = words if len(words) <= _LONGEST_LABEL else f"{words[: _LONGEST_LABEL - 1]}…"
    return _text(_LEFT - 8, top + 12, short, _INK, anchor="end")


def _text(x: float, y: float, words: str, colour: str, anchor: str = "start") -> Markup:
    text = Markup('<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{words}</text>')
    return text.format(x=x, y=y, colour=colour, anchor=anchor, words=escape(words))


def _rect(x: float, y: float, width: float, colour: str, height: float = _BAR) -> Markup:
    rect = Markup('<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" fill="{colour}"/>')
    return rect.format(x=x, y=y, width=width, height=height, colour=colour)


def _dot(x: float, y: float) -> Markup:
    return Markup('<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>').format(x=x, y=y, colour=BLUE)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = _LINE, width: int = 1) -> Markup:
    line = Markup(
        '<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'
    )
    return line.format(x1=x1, y1=y1, x2=x2, y2=y2, colour=colour, width=width)

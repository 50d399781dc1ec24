"""Funnel plots as small panels: this hospital's months in blue, and the funnel that holds nearly all of its peers.

No peer has a point of its own: benchmarks tell of a group only.
"""

from __future__ import annotations

from itertools import groupby
from math import exp, log
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from services.reports.funnel import NINETY_FIVE, NINETY_NINE_8, Spread, limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.reports.table import Table

WIDTH = 680
_PANEL, _HEIGHT, _LEFT, _TOP, _BOTTOM = 330, 210, 44, 30, 34
_STEPS = 40
_BLUE, _INK, _SOFT, _LINE = "#0072b2", "#15212d", "#4a5968", "#9aa7b3"
_BAND, _OUTER = "#dbe9f4", "#eef4f9"
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10)


def funnel_chart(table: Table) -> Markup:
    """A panel for each measure of the table; times as many against expected events, both in logarithms."""
    names = ("measure", "expected", "times", "middle", "between", "variance")
    rows = list(zip(*map(table.column, names), strict=True))
    panels = [_panel(name, list(group)) for name, group in groupby(rows, key=lambda row: row[0])]
    height = _HEIGHT * ((len(panels) + 1) // 2)
    placed = Markup().join(
        Markup('<g transform="translate({} {})">{}</g>').format(
            number % 2 * (WIDTH - _PANEL), number // 2 * _HEIGHT, one
        )
        for number, one in enumerate(panels)
    )
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
        'aria-label="{title}: the values are in the table below" font-family="sans-serif" font-size="11">{placed}</svg>'
    ).format(w=WIDTH, h=height, title=table.title, placed=placed)


def _panel(name: str, rows: Sequence[tuple[str, float, float, float, float, float]]) -> Markup:
    """One funnel, by what is known of the last month."""
    *_, middle, between, variance = rows[-1]
    spread = Spread(log(middle), between)
    expected = [row[1] for row in rows]
    left, right = log(min(expected) / 3), log(max(expected) * 3)
    outer = [limits(exp(at), spread, NINETY_NINE_8, variance) for at in (left, right)]
    points = [max(row[2], 0.05) for row in rows]
    low = log(max(min(*points, outer[0][0]) / 1.1, 0.05))
    high = log(min(max(*points, outer[0][1]) * 1.1, 20))

    def x(of: float) -> float:
        return _LEFT + (of - left) / (right - left) * (_PANEL - _LEFT - 8)

    def y(of: float) -> float:
        at = min(max(log(of), low), high)
        return _TOP + (high - at) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    steps = [left + (right - left) * step / _STEPS for step in range(_STEPS + 1)]
    drawn = [Markup('<text x="{}" y="16" fill="{}" font-weight="600">{}</text>').format(_LEFT, _INK, escape(name))]
    for deviations, colour in ((NINETY_NINE_8, _OUTER), (NINETY_FIVE, _BAND)):
        ends = [(at, limits(exp(at), spread, deviations, variance)) for at in steps]
        edge = [(x(at), y(end[1])) for at, end in ends] + [(x(at), y(end[0])) for at, end in reversed(ends)]
        corners = " ".join(f"{across:.1f},{down:.1f}" for across, down in edge)
        drawn.append(Markup('<polygon points="{}" fill="{}" stroke="{}"/>').format(corners, colour, _LINE))
    drawn.append(_across(x(left), x(right), y(middle), _SOFT, "4 3"))
    drawn += _axes(x, y, (left, right), (low, high))
    drawn += [
        Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}" fill="{}" fill-opacity="{}" stroke="#fff"/>').format(
            x(log(row[1])), y(point), 5 if last else 3.5, _BLUE, 1 if last else 0.55
        )
        for row, point, last in zip(rows, points, [False] * (len(rows) - 1) + [True], strict=True)
    ]
    return Markup().join(drawn)


def _axes(
    x: Callable[[float], float], y: Callable[[float], float], across: tuple[float, float], up: tuple[float, float]
) -> list[Markup]:
    drawn = [
        _text(_LEFT - 6, y(tick) + 4, f"{tick:g}\N{MULTIPLICATION SIGN}", "end")
        for tick in _TICKS
        if up[0] <= log(tick) <= up[1]
    ]
    ticks = [factor * 10**power for power in range(7) for factor in (1, 3)]
    drawn += [
        _text(x(log(tick)), _HEIGHT - _BOTTOM + 14, f"{tick:,}", "middle")
        for tick in ticks
        if across[0] <= log(tick) <= across[1]
    ]
    drawn.append(_text((_LEFT + _PANEL) / 2, _HEIGHT - 6, "events to be expected in a month", "middle"))
    return drawn


def _across(x1: float, x2: float, y: float, colour: str, dashes: str) -> Markup:
    line = Markup('<line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}" stroke="{}" stroke-dasharray="{}"/>')
    return line.format(x1, x2, y, y, colour, dashes)


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    text = Markup('<text x="{:.1f}" y="{:.1f}" fill="{}" text-anchor="{}">{}</text>')
    return text.format(x, y, _SOFT, anchor, escape(words))

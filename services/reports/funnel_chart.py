"""Funnel plots as small panels: this hospital's months in blue, and the funnel that holds nearly all of its peers.

No peer has a point of its own: benchmarks tell of a group only.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup, escape

from services.reports.funnel import NINETY_FIVE, NINETY_NINE_8, Spread, limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.reports.table import Interval, Table

WIDTH = 700
_PANEL, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 340, 215, 44, 8, 26, 38
_STEPS = 40
_BLUE, _INK, _SOFT, _LINE = "#0072b2", "#15212d", "#4a5968", "#9aa7b3"
_BAND, _OUTER = "#d3e4f1", "#eef4f9"
_TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10)
_SMALLEST, _LARGEST = 0.1, 10.0
_FEW = 20.0
"""Expected events from which a funnel is drawn, so that it is seen to narrow."""


class _Point(NamedTuple):
    """A month of a measure: expected events, the hospital's ratio, the peers' middle and limits, and their spread."""

    expected: float
    times: float
    usual: Interval
    between: float
    variance: float

    def ends(self, expected: float, deviations: float) -> tuple[float, float]:
        """The limits of the month's funnel at so many expected events."""
        return limits(expected, Spread(log(self.usual.value), self.between), deviations, self.variance)


class _Frame(NamedTuple):
    """Where a panel begins and ends, in logarithms of expected events and of ratios."""

    left: float
    right: float
    low: float
    high: float

    def x(self, expected: float) -> float:
        return _LEFT + (log(expected) - self.left) / (self.right - self.left) * (_PANEL - _LEFT - _RIGHT)

    def y(self, times: float) -> float:
        """What lies beyond the frame is drawn at its edge."""
        at = min(max(log(max(times, _SMALLEST / 10)), self.low), self.high)
        return _TOP + (self.high - at) / (self.high - self.low) * (_HEIGHT - _TOP - _BOTTOM)


def funnel_chart(table: Table) -> Markup:
    """A panel for each measure of the table, its last month the largest dot and the one whose funnel is drawn."""
    names = ("measure", "expected", "times", "usual", "between", "variance")
    months: dict[str, list[_Point]] = {}
    for measure, *values in reversed(list(zip(*map(table.column, names), strict=True))):
        months.setdefault(measure, []).append(_Point(*values))
    panels = list(reversed(months.items()))
    place = Markup('<g transform="translate({} {})">{}</g>')
    placed = Markup().join(
        place.format(number % 2 * (WIDTH - _PANEL), number // 2 * _HEIGHT, _panel(*panel))
        for number, panel in enumerate(panels)
    )
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
        'aria-label="{title}: chart of the table below" font-family="Arial, Liberation Sans, sans-serif" '
        'font-size="11">{placed}</svg>'
    ).format(w=WIDTH, h=_HEIGHT * ((len(panels) + 1) // 2), title=table.title, placed=placed)


def _panel(measure: str, months: Sequence[_Point]) -> Markup:
    last = months[-1]
    left, right = min(_FEW, *(one.expected / 2 for one in months)), max(one.expected * 2 for one in months)
    low, high = last.ends(left, NINETY_NINE_8)
    times = [one.times for one in months]
    frame = _Frame(log(left), log(right), log(max(min(low, *times), _SMALLEST)), log(min(max(high, *times), _LARGEST)))
    title = Markup('<text x="{}" y="16" fill="{}" font-size="12" font-weight="600">{}</text>')
    middle = frame.y(last.usual.value)
    return Markup().join(
        (
            title.format(_LEFT, _INK, escape(measure)),
            _band(frame, last, NINETY_NINE_8, _OUTER),
            _band(frame, last, NINETY_FIVE, _BAND),
            Markup('<path d="M{:.1f} {:.1f}H{:.1f}" stroke="{}" stroke-dasharray="4 3"/>').format(
                frame.x(left), middle, frame.x(right), _SOFT
            ),
            *_axes(frame),
            *(_dot(frame, one, 3.5, 0.7) for one in months[:-1]),
            _dot(frame, last, 5.0, 1.0),
        )
    )


def _band(frame: _Frame, of: _Point, deviations: float, colour: str) -> Markup:
    steps = [exp(frame.left + (frame.right - frame.left) * step / _STEPS) for step in range(_STEPS + 1)]
    ends = [of.ends(expected, deviations) for expected in steps]
    low, high = ([(frame.x(at), frame.y(end[side])) for at, end in zip(steps, ends, strict=True)] for side in (0, 1))
    corners = " ".join(f"{across:.1f},{down:.1f}" for across, down in (*low, *reversed(high)))
    return Markup('<polygon points="{}" fill="{}" stroke="{}"/>').format(corners, colour, _LINE)


def _dot(frame: _Frame, of: _Point, radius: float, opacity: float) -> Markup:
    dot = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}" fill="{}" fill-opacity="{}" stroke="#fff"/>')
    return dot.format(frame.x(of.expected), frame.y(of.times), radius, _BLUE, opacity)


def _axes(frame: _Frame) -> Iterator[Markup]:
    for tick in _TICKS:
        if frame.low <= log(tick) <= frame.high:
            yield _text(_LEFT - 6, frame.y(tick) + 4, f"{tick:g}\N{MULTIPLICATION SIGN}", "end")
    for tick in (factor * 10**power for power in range(7) for factor in (1, 3)):
        if frame.left <= log(tick) <= frame.right and frame.x(tick) < _PANEL - 20:
            yield _text(frame.x(tick), _HEIGHT - _BOTTOM + 14, f"{tick:,}", "middle")
    yield _text((_LEFT + _PANEL) / 2, _HEIGHT - 10, "events to be expected in a month", "middle")


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    text = Markup('<text x="{:.1f}" y="{:.1f}" fill="{}" text-anchor="{}">{}</text>')
    return text.format(x, y, _SOFT, anchor, escape(words))

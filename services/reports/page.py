"""A report as one HTML page that needs nothing else: style and charts are in it, and it has no script."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from services.reports.charts import chart
from services.reports.definitions import definitions

if TYPE_CHECKING:
    from typing import Literal

    from services.reports.report import Report

    Paper = Literal["a4", "letter"]

LONGEST_WORD = 20

_environment = Environment(
    loader=PackageLoader(__package__, "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(report: Report, paper: Paper | None = None) -> str:
    """The page. `paper` is for the PDF; who prints the page chooses the paper in the browser."""
    css = _style("report.css")
    css += _style("screen.css") if paper is None else f"@page {{ size: {paper}; }}\n"
    made_at = f"{report.made_at.astimezone(report.period.zone):%Y-%m-%d %H:%M} {report.period.zone.key}"
    return _environment.get_template("report.html").render(
        report=report,
        css=Markup(css),  # noqa: S704 (our own file)
        made_at=made_at,
        chart=chart,
        definitions=definitions(),
        words=_with_code,
        long=_long,
    )


def _style(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def _long(cell: str) -> str:
    """The class of a cell with a word that may be broken, lest it widens its table beyond the paper."""
    return " long" if any(len(word) > LONGEST_WORD for word in cell.split()) else ""


def _with_code(text: str) -> Markup:
    """Names of fields stand between backticks in the definitions."""
    parts = text.split("`")
    joined = (
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )
    return Markup().join(joined)

"""The files of a report: one page, the same as PDF, every table as CSV, and all of them as JSON.

Each is written beside its place and then moved there, so that nobody finds half a file.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
from typing import TYPE_CHECKING, Any

import msgspec

from services.reports.definitions import definitions
from services.reports.page import page

if TYPE_CHECKING:
    from pathlib import Path

    from services.reports.page import Paper
    from services.reports.report import Report
    from services.reports.table import Table


class PdfError(Exception):
    """No PDF can be made here; the text says what helps."""


def base_name(report: Report) -> str:
    """The name of all files of a report, without their endings."""
    hospital = re.sub(r"[^\w.-]+", "-", report.hospital).strip("-.") or "hospital"
    return f"{hospital}_{report.period.first}_{report.period.last}"


def write_page(report: Report, folder: Path) -> Path:
    """The self-contained HTML page."""
    return _put(folder / f"{base_name(report)}.html", page(report).encode())


def write_json(report: Report, folder: Path) -> Path:
    """Every table with its columns, rows and definitions, in one file."""
    return _put(folder / f"{base_name(report)}.json", msgspec.json.format(msgspec.json.encode(plain(report))) + b"\n")


def write_csv(report: Report, folder: Path) -> Path:
    """Every table as a file of its own, in a folder; it is returned."""
    tables = folder / f"{base_name(report)}_tables"
    tables.mkdir(parents=True, exist_ok=True)
    for table in report.tables:
        _put(tables / f"{table.name}.csv", as_csv(table))
    return tables


def write_pdf(report: Report, folder: Path, paper: Paper) -> Path:
    """The page on paper. Raises PdfError where WeasyPrint finds no Pango, its system library."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):  # WeasyPrint prints advice of twenty lines
            import weasyprint  # noqa: PLC0415 (everything else works without)
    except OSError as error:
        raise PdfError(
            "WeasyPrint needs the system library Pango; install it (Debian: apt-get install libpango-1.0-0 "
            f"libpangoft2-1.0-0; macOS: brew install pango), or print the page: {str(error).splitlines()[0]}"
        ) from None
    made = weasyprint.HTML(string=page(report, paper), url_fetcher=_nothing).write_pdf()
    return _put(folder / f"{base_name(report)}.pdf", made)


def plain(report: Report) -> dict[str, Any]:
    """The report as JSON has it."""
    defined = definitions()
    return {
        "hospital": report.hospital,
        "from": report.period.first,
        "to": report.period.last,
        "zone": report.period.zone.key,
        "made_at": report.made_at,
        "days_heard": report.heard,
        "test": report.test,
        "notes": report.notes,
        "tables": [
            {
                "name": table.name,
                "title": table.title,
                "section": section.name,
                "columns": table.plain_columns(),
                "rows": list(table.plain_rows()),
                "note": table.note,
                "definitions": {name: msgspec.to_builtins(defined[name]) for name in table.defined},
            }
            for section in report.sections
            for table in section.tables
        ],
    }


def as_csv(table: Table) -> bytes:
    """One table. A text that a spreadsheet would take for a formula is quoted with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.plain_columns())
    for row in table.plain_rows():
        writer.writerow([_cell(value) for value in row])
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _nothing(url: str, **_: Any) -> Any:
    """The page needs nothing from elsewhere, and what a pump calls a drug must not fetch anything either."""
    raise ValueError(f"{url} is not read")


def _put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(content)
    return beside.replace(path)

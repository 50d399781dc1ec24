"""The report as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from services.evaluate.aims import Aim
    from services.evaluate.figures import Figures
    from services.evaluate.report import Band, Report

MODELS = {
    "limits": "library limits alone",
    "ratio": "ratio to the value before",
    "svm": "one-class SVM",
    "ours": "Pumpwatch",
    "oracle": "oracle",
    "of_slips": "oracle of slips alone",
    "of_hospital": "oracle of the hospital alone",
}
_NONE = "-"


def tables(report: Report) -> Iterator[Table]:
    """All tables, the most important first."""
    cold, warm = report.cold, report.warm
    yield _aims(report)
    for title, models in (
        ("Cold: hospitals never seen", cold.models),
        ("Cold, eICU: each hospital without itself", cold.eicu),
        ("Cold, MIMIC-III: priors of eICU alone", cold.mimic3),
        ("Warm: each hospital's own stream, learned from as it goes", warm.models),
        ("Warm, second half of the streams", warm.second_half),
        ("Warm, MIMIC-III", warm.mimic3),
        ("Warm, MIMIC-III, second half", warm.mimic3_second_half),
    ):
        yield _figures(title, "model", {MODELS[name]: one for name, one in models.items()})
    yield _corrections(report)
    yield _as_shipped(report)
    yield _figures("Cold, by slip", "slip", cold.by_slip)
    yield _figures("Cold, by slip: the oracle", "slip", cold.by_slip_oracle)
    yield _figures("Cold, by layout", "layout", cold.by_layout)
    yield _figures("Cold, by drug", "drug", cold.by_drug)
    yield _figures("Cold, by hospital", "hospital", cold.by_hospital)
    mixes = {f"{name}: {MODELS[of].lower()}": one for name, by in cold.other_slips.items() for of, one in by.items()}
    yield _figures("Cold, other shares of slips", "shares", mixes)
    yield _rates(report)
    yield _calibration("Calibration, cold", cold.calibration)
    yield _calibration("Calibration, warm", warm.calibration)


def _figures(title: str, of: str, rows: Mapping[str, Figures]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(of)
    for column in (
        "right", "slips", "1/200: >=2x", ">=5x", "all", "alarms", "1/1000: >=2x", ">=5x", "all", "AP", "top-1", "ECE",
    ):  # fmt: skip
        table.add_column(column, justify="right")
    for name, one in rows.items():
        often, rarely = one.at["1_in_200"], one.at["1_in_1000"]
        table.add_row(
            name,
            f"{one.right:,}",
            f"{one.slips['all']:,}",
            *(_percent(often.found[least]) for least in ("2x", "5x", "all")),
            _percent(often.false_alarms, 2),
            *(_percent(rarely.found[least]) for least in ("2x", "5x", "all")),
            _plain(one.average_precision, 3),
            _percent(one.recovery),
            _plain(one.calibration_error, 4),
        )
    return table


def _aims(report: Report) -> Table:
    table = Table(title="What was aimed at, at 1 false alarm in 200 right entries", title_justify="left")
    for column in ("aim", "", "Pumpwatch", "", "oracle of slips alone", "", "oracle", ""):
        table.add_column(column, justify="left" if column == "aim" else "right")
    for one in report.aims:
        reached = [
            shown
            for found in (one.ours, one.of_slips, one.oracle)
            for shown in (_figure(one, found), "yes" if one.reached(found) else "no")
        ]
        table.add_row(one.name, f"{'<=' if one.at_most else '>='} {_figure(one, one.aim)}", *reached)
    return table


def _figure(aim: Aim, found: float | None) -> str:
    return _plain(found, 4) if aim.at_most else _percent(found)


def _corrections(report: Report) -> Table:
    table = Table(title=f"Warm: {report.warm.corrections:,} entries that put a slip right", title_justify="left")
    table.add_column("model")
    for column in ("flagged at 1/200", "flagged at 1/1000", "AP at the stream's rate", "ECE at the stream's rate"):
        table.add_column(column, justify="right")
    for name, flagged in report.warm.corrections_flagged.items():
        table.add_row(
            MODELS[name],
            *(_percent(flagged[budget], 2) for budget in ("1_in_200", "1_in_1000")),
            _plain(report.warm.average_precision_of_stream[name], 3),
            _plain(report.warm.calibration_error_of_stream.get(name), 4),
        )
    return table


def _as_shipped(report: Report) -> Table:
    table = Table(title="Cold: the library's limits as a pump has them", title_justify="left")
    table.add_column("warning")
    for column in ("right entries warned of", "slips >=2x", ">=5x", "all"):
        table.add_column(column, justify="right")
    for name, one in report.cold.limits_as_shipped.items():
        found = (_percent(one.found[least]) for least in ("2x", "5x", "all"))
        table.add_row(name.replace("_", " "), _percent(one.false_alarms, 2), *found)
    return table


def _rates(report: Report) -> Table:
    table = Table(title="Cold, other rates of slips", title_justify="left")
    table.add_column("rate")
    table.add_column("model")
    table.add_column("AP", justify="right")
    table.add_column("ECE", justify="right")
    for at in report.cold.at_rates:
        for name, precision in at.average_precision.items():
            error = _plain(at.calibration_error.get(name), 4)
            table.add_row(_percent(at.rate, 2), MODELS[name], _plain(precision, 3), error)
    return table


def _calibration(title: str, bands: list[Band]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("error likelihood", "share of entries", "said", "true"):
        table.add_column(column, justify="right")
    for band in bands:
        if band.share:
            name = f"{band.low:g} to {band.high:g}"
            table.add_row(name, _percent(band.share, 3), _percent(band.said, 2), _percent(band.true, 2))
    return table


def _percent(share: float | None, digits: int = 1) -> str:
    return _NONE if share is None else f"{100 * share:.{digits}f}%"


def _plain(value: float | None, digits: int) -> str:
    return _NONE if value is None else f"{value:.{digits}f}"

"""The figures of an evaluation of power as tables, the aims beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from services.evaluate.power_empty import AGES, EVER, SOON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.evaluate.power_empty import EmptyError
    from services.evaluate.power_habit import HabitScore
    from services.evaluate.power_run import Judged, PowerEvaluation
    from services.evaluate.power_score import CauseScore, Share


def tables(evaluation: PowerEvaluation) -> Iterator[Table]:
    """What was found, the causes, and the minutes to empty."""
    yield _found(evaluation)
    yield _causes(evaluation)
    yield _mistaken(evaluation)
    yield _empty(evaluation)


def _found(of: PowerEvaluation) -> Table:
    title = (
        f"{of.pumps:,} pumps, {of.days:g} days, seed {of.seed}: {of.events:,} events, {of.stretches:,} stretches on "
        f"battery, {of.depletions:,} batteries empty"
    )
    table = _table(title, "", "aim", "stream", "slope of the gauge")
    rows: list[tuple[str, str, Callable[[Judged], str]]] = [
        ("episodes over 12 min found", "≥ 98%", lambda one: _share(one.score.episodes_found)),
        ("told, but none", "0", lambda one: _share(one.score.episodes_false)),
        ("depletions warned 30 min ahead, where possible", "≥ 95%", lambda one: _share(one.score.warned)),
        ("· warned at all", "", lambda one: _share(one.score.warned_at_all)),
        ("· 30 min ahead, sound batteries", "", lambda one: _share(one.score.warned_sound)),
        ("· 30 min ahead, worn batteries", "", lambda one: _share(one.score.warned_worn)),
        ("false alarms in 1,000 h of infusing", "< 1", _false_alarms),
        ("· alarms with over 60 min left, of all", "", lambda one: f"{one.score.early_alarms} of {one.score.alarms}"),
        ("worn batteries found", "≥ 90%", lambda one: _share(one.score.worn_found)),
        ("· of those with evidence", "", lambda one: _share(one.score.worn_found_with_evidence)),
        ("· of those that gave a low alarm", "", lambda one: _share(one.score.worn_found_after_alarm)),
        ("sound batteries named worn", "≤ 2%", lambda one: _share(one.score.sound_named)),
        ("silent on battery: found", "", lambda one: _share(one.score.silent_found)),
        ("· told, but none", "", lambda one: _share(one.score.silent_false)),
        ("habits of units by shift: rank correlation", "", lambda one: _habits(one.habits)),
        ("events refused", "", lambda one: f"{one.refused:,}"),
        ("CPU an event, µs", "", lambda one: f"{one.us_per_event:g}"),
    ]
    for name, aim, figure in rows:
        table.add_row(name, aim, figure(of.stream), figure(of.rule))
    return table


def _causes(of: PowerEvaluation) -> Table:
    table = _table("Cause (aim: ≥ 95% of each)", "", "precision", "recall", "rule: precision", "rule: recall")
    for cause, score in of.stream.score.causes.items():
        table.add_row(cause, *_of_cause(score), *_of_cause(of.rule.score.causes[cause]))
    for place, share in of.stream.score.journeys.items():
        table.add_row(f"· journeys, {place}", "", _share(share), "", _share(of.rule.score.journeys[place]))
    return table


def _mistaken(of: PowerEvaluation) -> Table:
    confusion = of.stream.score.confusion
    told = sorted({said for row in confusion.values() for said in row})
    table = _table("The cause as it was, and as the stream told it", "", *told)
    for cause, row in confusion.items():
        table.add_row(cause, *(str(row.get(said, "")) for said in told))
    return table


def _empty(of: PowerEvaluation) -> Table:
    title = "Minutes to empty: error, median / 90th percentile; minutes with a prediction; intervals that held the end"
    table = _table(title, "battery", "stream", "predicted", "held (aim: 90%)", "rule", "predicted")
    for span in (SOON, EVER):
        for age in (*AGES, "all"):
            stream, rule = of.stream.empty[age][span], of.rule.empty[age][span]
            held = f"{100 * stream.held / stream.spans:.0f}%" if stream.spans else "-"
            table.add_row(f"{age}, {span}", *_error(stream), held, *_error(rule))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left")
    return table


def _share(share: Share) -> str:
    return f"{share.hits:,} of {share.of:,}" + (f" ({100 * share.share:.1f}%)" if share.share is not None else "")


def _of_cause(score: CauseScore) -> tuple[str, str]:
    return _share(score.precision), _share(score.recall)


def _false_alarms(one: Judged) -> str:
    score = one.score
    return f"{score.false_per_1000_h:.2f} ({score.false_alarms} in {score.infusion_hours:,.0f} h)"


def _habits(habits: HabitScore) -> str:
    return "-" if habits.correlation is None else f"{habits.correlation:.2f} over {habits.cells}"


def _error(error: EmptyError) -> tuple[str, str]:
    if error.median is None:
        return "-", f"0 of {error.minutes:,}"
    return f"{error.median:g} / {error.p90:g} min", f"{error.predicted:,} of {error.minutes:,}"

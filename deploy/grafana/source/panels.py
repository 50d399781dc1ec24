"""The three kinds of panels: a figure as it is now, figures over time, and a table as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, TypeVar

from grafana_foundation_sdk.builders import common, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import common as choices
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.grafana.source.catalogue import declared, metrics_in
from deploy.grafana.source.palette import BAD, GOOD, PLAIN

if TYPE_CHECKING:
    from deploy.grafana.source.queries import Query
    from services.metrics.catalogue import Metric

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
ENTRIES, SHARE, SECONDS = "locale", "percentunit", "s"
STAT_HEIGHT, SERIES_HEIGHT, TABLE_HEIGHT = 5, 8, 8

Panel = stat.Panel | timeseries.Panel | table.Panel
Kind = TypeVar("Kind", stat.Panel, timeseries.Panel, table.Panel)
Steps = Sequence[tuple[float | None, str]]
"""A colour from each value on; the first has None, from below."""
ALWAYS_PLAIN: Steps = ((None, PLAIN),)
ONE_IS_GOOD: Steps = ((None, BAD), (1, GOOD))
_WORDS: Mapping[str, ValueMappingResult] = {
    "0": ValueMappingResult(text="no", color=BAD),
    "1": ValueMappingResult(text="yes", color=GOOD),
}


def number(
    title: str, says: str, *queries: Query, unit: str = ENTRIES, steps: Steps = ALWAYS_PLAIN, none: str = "no entries"
) -> stat.Panel:
    """Figures as they are now; several stand beside each other under their names."""
    panel = (
        stat.Panel()
        .color_mode(choices.BigValueColorMode.VALUE)
        .graph_mode(choices.BigValueGraphMode.NONE)
        .text_mode(choices.BigValueTextMode.VALUE_AND_NAME if len(queries) > 1 else choices.BigValueTextMode.VALUE)
        .orientation(choices.VizOrientation.HORIZONTAL if len(queries) > 1 else choices.VizOrientation.AUTO)
        .reduce_options(common.ReduceDataOptions().calcs(["last"]))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(_thresholds(steps))
        .height(STAT_HEIGHT)
    )
    return _common(panel, title, says, queries, unit, none, instant=True)


def yes_or_no(title: str, says: str, query: Query, none: str) -> stat.Panel:
    """A word for a figure that is 1 or 0."""
    panel = number(title, says, query, unit="none", steps=ONE_IS_GOOD, none=none)
    return panel.mappings([ValueMap(options=dict(_WORDS))])


def over_time(
    title: str,
    says: str,
    *queries: Query,
    unit: str = ENTRIES,
    colours: Mapping[str, str] | None = None,
    steps: Steps = ALWAYS_PLAIN,
    stacked: bool = False,
    none: str = "nothing in this time",
) -> timeseries.Panel:
    """Lines over time. `colours` gives lines of known names theirs; `steps` draws thresholds as dashed lines."""
    panel = (
        timeseries.Panel()
        .line_width(2)
        .fill_opacity(40 if stacked else 0)
        .min(0)
        .legend(
            common.VizLegendOptions()
            .display_mode(choices.LegendDisplayMode.TABLE)
            .placement(choices.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(common.VizTooltipOptions().mode(choices.TooltipDisplayMode.MULTI).sort(choices.SortOrder.DESCENDING))
        .color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .thresholds(_thresholds(steps))
        .height(SERIES_HEIGHT)
    )
    if unit == SHARE:
        panel.max(1)
    if len(steps) > 1:
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(choices.GraphThresholdsStyleMode.DASHED))
    if stacked:
        panel.stacking(common.StackingConfig().mode(choices.StackingMode.NORMAL).group("A"))
    for name, colour in (colours or {}).items():
        fixed = {"mode": FieldColorModeId.FIXED, "fixedColor": colour}
        panel.override_by_name(name, [DynamicConfigValue("color", fixed)])
    return _common(panel, title, says, queries, unit, none, instant=False)


def by_label(
    title: str,
    says: str,
    label: str,
    *columns: Query,
    unit: str = ENTRIES,
    none: str = "no rows",
    link: Mapping[str, str] | None = None,
) -> table.Panel:
    """A row for each value of the label, a column for each query."""
    panel = table.Panel().height(TABLE_HEIGHT).filterable(True).thresholds(_thresholds(ALWAYS_PLAIN))
    panel.with_transformation(DataTransformerConfig("merge", options={}))
    names = {f"Value #{ref}": query.legend for ref, query in zip(ascii_uppercase, columns, strict=False)}
    order = {name: place for place, name in enumerate((label, *names))}
    shown = {
        "excludeByName": {"Time": True},
        "indexByName": order,
        "renameByName": {label: label.capitalize(), **names},
    }
    panel.with_transformation(DataTransformerConfig("organize", options=shown))
    if link is not None:
        panel.override_by_name(label.capitalize(), [DynamicConfigValue("links", [link])])
    return _common(panel, title, says, columns, unit, none, instant=True, form=PromQueryFormat.TABLE)


def row_link(title: str, dashboard: str, label: str) -> Mapping[str, str]:
    """From a row of a table to the dashboard, with the row's label chosen and the time kept."""
    url = f"/d/{dashboard}?var-{label}=${{__value.raw:percentencode}}&${{__url_time_range}}"
    return {"title": title, "url": url}


def description(says: str, queries: Sequence[Query], *, remedies: bool) -> str:
    """What the panel says, then what each metric in it means and what to do about it, in the catalogue's words."""
    names = dict.fromkeys(name for query in queries for name in metrics_in(query.expr))
    return f"{says}\n\n" + "\n".join(f"- `{name}`: {_in_words(declared()[name], remedies)}" for name in names)


def _in_words(metric: Metric, remedies: bool) -> str:  # noqa: FBT001 (the caller's choice, handed on)
    # "None; ..." and "As for ..." say nothing outside the catalogue.
    if not remedies or metric.remedy.startswith(("None", "As for")):
        return metric.meaning
    return f"{metric.meaning} *{metric.remedy}*"


def _common(
    panel: Kind,
    title: str,
    says: str,
    queries: Sequence[Query],
    unit: str,
    none: str,
    *,
    instant: bool,
    form: PromQueryFormat = PromQueryFormat.TIME_SERIES,
) -> Kind:
    panel.title(title).description(description(says, queries, remedies=form is PromQueryFormat.TIME_SERIES)).datasource(
        SOURCE
    ).unit(unit).no_value(none)
    for ref, query in zip(ascii_uppercase, queries, strict=False):
        target = Dataquery().ref_id(ref).expr(query.expr).legend_format(query.legend).datasource(SOURCE).format(form)
        panel.with_target(target.instant() if instant else target.range())
        if query.unit is not None:
            properties: list[Any] = [DynamicConfigValue("unit", query.unit)]
            panel.override_by_name(query.legend, properties)
    return panel


def _thresholds(steps: Steps) -> ThresholdsConfig:
    marks = [Threshold(value, colour) for value, colour in steps]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(marks)

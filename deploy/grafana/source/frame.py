"""What all dashboards share: variables, links, and panels in lines of the full width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders.dashboard import (
    ConstantVariable,
    CustomVariable,
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    Row,
)
from grafana_foundation_sdk.models import dashboard as model

from deploy.grafana.source.panels import SOURCE

if TYPE_CHECKING:
    from deploy.grafana.source.panels import Panel

TAG = "pumpwatch"
WIDTH = 24
"""Columns of Grafana's grid."""
Line = Sequence["Panel"]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the lines of panels below it. The panels of a line share its width and have one height."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Page:
    """One dashboard: for whom, over which time by default, and what is on it."""

    uid: str
    title: str
    purpose: str
    since: str
    refresh: str
    sections: Sequence[Section]
    by_hospital: bool = True
    by_window: bool = False

    def build(self, board: str) -> model.Dashboard:
        """The dashboard, with links to the board at this address."""
        made = (
            Dashboard(self.title)
            .uid(self.uid)
            .description(self.purpose)
            .tags([TAG])
            .timezone("browser")
            .tooltip(model.DashboardCursorSync.CROSSHAIR)
            .time(self.since, "now")
            .refresh(self.refresh)
            .readonly()
            .with_variable(_source())
            .with_variable(ConstantVariable("board").label("Address of the board").value(board))
            .link(_to_the_board())
            .link(_to_the_others())
        )
        if self.by_hospital:
            made.with_variable(_hospital())
        if self.by_window:
            made.with_variable(_window())
        number, y = 0, 0
        for section in self.sections:
            number += 1
            heading = model.GridPos(x=0, y=y, w=WIDTH, h=1)
            made.with_row(Row(section.title).id(number).grid_pos(heading))
            y += 1
            for line in section.lines:
                width, height = WIDTH // len(line), 0
                for place, panel in enumerate(line):
                    number += 1
                    position = panel.build().grid_pos or model.GridPos()
                    position.x, position.y, position.w = place * width, y, width
                    height = max(height, position.h)
                    made.with_panel(panel.id(number).grid_pos(position))
                y += height
        return made.build()


def _source() -> DatasourceVariable:
    # Grafana takes another Prometheus where the provisioned one is not there.
    provisioned = model.VariableOption(selected=True, text="Pumpwatch", value="pumpwatch-prometheus")
    return DatasourceVariable("datasource").label("Prometheus").type("prometheus").current(provisioned)


def _hospital() -> QueryVariable:
    return (
        QueryVariable("hospital")
        .label("Hospital")
        .datasource(SOURCE)
        .query("label_values(pumpwatch_pumps_online, hospital)")
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .allow_custom_value(False)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(model.VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _window() -> CustomVariable:
    options = {"3h": "Last 3 hours", "24h": "Last 24 hours", "all": "All hours kept"}
    return (
        CustomVariable("window")
        .label("Entries of")
        .allow_custom_value(False)
        .values(", ".join(f"{text} : {value}" for value, text in options.items()))
        .options([model.VariableOption(value == "24h", text, value) for value, text in options.items()])
        .current(model.VariableOption(selected=True, text=options["24h"], value="24h"))
    )


def _to_the_board() -> DashboardLink:
    link = DashboardLink("Board").type(model.DashboardLinkType.LINK).url("${board}").icon("external link")
    return link.tooltip("Open alerts, one by one").target_blank(True)


def _to_the_others() -> DashboardLink:
    link = DashboardLink("Pumpwatch").type(model.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.include_vars(True).keep_time(True)

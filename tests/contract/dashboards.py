"""The committed dashboards as Grafana reads them, and their queries with the variables filled in."""

import json
from typing import Any, NamedTuple

from deploy.grafana.source.pages import FOLDER

# What Grafana puts in for its own variables; a range that is longer than any test, an interval of several scrapes.
BUILT_IN = {"__rate_interval": "1m", "__range": "1h"}


class Panel(NamedTuple):
    """One panel and the dashboard that it is on."""

    dashboard: str
    model: dict[str, Any]

    @property
    def expressions(self) -> list[str]:
        return [target["expr"] for target in self.model["targets"]]

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.model['title']}"


def dashboards() -> dict[str, dict[str, Any]]:
    """The JSON of each dashboard by the name of its file."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def panels() -> list[Panel]:
    """Every panel that shows something; rows are headings."""
    return [
        Panel(name, panel) for name, page in dashboards().items() for panel in page["panels"] if panel["type"] != "row"
    ]


def filled(expression: str, hospital: str = ".+", window: str = "24h") -> str:
    """The query that Grafana sends with these hospitals (a regular expression) and this window chosen."""
    for name, value in (BUILT_IN | {"hospital": hospital, "window": window}).items():
        expression = expression.replace(f"${name}", value)
    return expression

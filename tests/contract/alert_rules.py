"""The shipped rules of Prometheus, their promtool tests, and Alertmanager's configuration, as the tests read them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import promql_parser
import yaml

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy/prometheus"
ALERTMANAGER = ROOT / "deploy/alertmanager/alertmanager.yml"
GUIDE = ROOT / "docs/monitoring.md"
RULE_FILES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TEST_FILES = sorted((PROMETHEUS / "tests").glob("*.yml"))


class Rule(NamedTuple):
    """One rule and the group that it is in."""

    group: str
    model: dict[str, Any]

    @property
    def name(self) -> str:
        return self.model.get("alert") or self.model["record"]

    @property
    def expression(self) -> str:
        return self.model["expr"]

    def __str__(self) -> str:
        return self.name


@cache
def rules() -> list[Rule]:
    """Every rule of every file."""
    return [
        Rule(group["name"], rule)
        for path in RULE_FILES
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
        for rule in group["rules"]
    ]


def alerts() -> list[Rule]:
    """The alerting rules."""
    return [rule for rule in rules() if "alert" in rule.model]


def recordings() -> list[Rule]:
    """The recording rules."""
    return [rule for rule in rules() if "record" in rule.model]


def selectors(expression: str) -> Iterator[promql_parser.VectorSelector]:
    """Every selector of series in a query; raises where the query is none."""
    waiting = [promql_parser.parse(expression)]
    while waiting:
        part = waiting.pop()
        if isinstance(part, promql_parser.VectorSelector):
            yield part
        inner = [getattr(part, name, None) for name in ("lhs", "rhs", "expr", "param", "vector_selector")]
        waiting += [each for each in (*inner, *getattr(part, "args", [])) if isinstance(each, promql_parser.Expr)]


@cache
def checks(kind: Literal["alert_rule_test", "promql_expr_test"]) -> list[dict[str, Any]]:
    """Every check of this kind in the promtool tests."""
    return [
        check
        for path in TEST_FILES
        for test in yaml.safe_load(path.read_text("utf-8"))["tests"]
        for check in test.get(kind, [])
    ]


def routing() -> dict[str, Any]:
    """Alertmanager's configuration."""
    return yaml.safe_load(ALERTMANAGER.read_text("utf-8"))


def scraping() -> dict[str, Any]:
    """Prometheus' configuration."""
    return yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))

"""The metrics that an expression names, as the metrics catalogue declares them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from services.metrics import catalogue

if TYPE_CHECKING:
    from services.metrics.catalogue import Metric

_NAME = re.compile(r"\bpumpwatch_[a-z0-9_]+")


@cache
def declared() -> dict[str, Metric]:
    """All metrics by the names under which Prometheus has their series."""
    return {series: metric for name, metric in catalogue.load().items() for series in metric.series(name)}


def metrics_in(expression: str) -> list[str]:
    """The series that an expression names, in its order, each once."""
    return list(dict.fromkeys(_NAME.findall(expression)))

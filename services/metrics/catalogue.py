"""The catalogue of all metrics: each name with the process that serves it, its kind, labels, meaning and remedy."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
import yaml
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

CATALOGUE = Path(__file__).with_name("catalogue.yaml")
Family = CounterMetricFamily | GaugeMetricFamily


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One metric as the catalogue declares it."""

    kind: Literal["gauge", "counter", "histogram"]
    meaning: str
    remedy: str
    labels: tuple[str, ...] = ()
    process: Literal["metrics", "worker"] = "metrics"

    def series(self, name: str) -> tuple[str, ...]:
        """The names that a query may use."""
        return tuple(name + part for part in ("_bucket", "_sum", "_count")) if self.kind == "histogram" else (name,)

    def family(self, name: str) -> Family:
        """An empty family of this metric, with its meaning as HELP text; `pumpwatch metrics` has no histograms."""
        made = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        return made(name, self.meaning, labels=self.labels)


@cache
def load() -> dict[str, Metric]:
    """All metrics by name, in the order of the file."""
    return msgspec.convert(yaml.safe_load(CATALOGUE.read_text("utf-8")), dict[str, Metric])

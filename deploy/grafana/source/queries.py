"""PromQL of the panels: filtered by the variables that a metric has a label for, and counted once.

Two `pumpwatch metrics` for safety read the same Redis, so each of their figures is taken as the maximum over the
instances before it is summed. Workers count apart from each other, so theirs are summed at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from deploy.grafana.source.catalogue import declared

LEAST_FOR_A_LINE = 20
"""A share over time is drawn only where its denominator is at least this (judgement): below, one more or less moves
it by five points or more, and chance looks like a trend."""

_VARIABLES = {"hospital": 'hospital=~"$hospital"', "window": 'window="$window"'}


@dataclass(frozen=True, slots=True)
class Query:
    """An expression, and what its result is called. `unit` where it differs from the panel's."""

    legend: str
    expr: str
    unit: str | None = None


def selector(metric: str, **labels: str) -> str:
    """The metric, filtered by the chosen hospitals and window where it has them, and by `labels`."""
    filters = [text for label, text in _VARIABLES.items() if label in declared()[metric].labels]
    filters += [f'{label}="{value}"' for label, value in labels.items()]
    return metric + (f"{{{', '.join(filters)}}}" if filters else "")


def total(*metrics: str, by: str = "", **labels: str) -> str:
    """The sum of metrics over the chosen hospitals, or for each value of the label `by`."""
    return " + ".join(_summed(metric, selector(metric, **labels), by, {*labels, "window"}) for metric in metrics)


def difference(metric: str, minus: str, by: str = "") -> str:
    """What the first metric counts and the second does not."""
    return f"{total(metric, by=by)} - {total(minus, by=by)}"


def share(part: str, whole: str, at_least: float = 1) -> str:
    """`part` of `whole`, where the whole is at least so much; nothing elsewhere, never a division by zero."""
    return f"({part}) / (({whole}) >= {at_least:g})"


def rate(counter: str, by: str = "") -> str:
    """Increase of a counter in a second."""
    return _summed(counter, f"rate({selector(counter)}[$__rate_interval])", by, set())


def increase(counter: str) -> str:
    """Increase of a counter over the time that the dashboard shows."""
    return _summed(counter, f"increase({selector(counter)}[$__range])", "", set())


def quantile(q: float, histogram: str, by: str) -> str:
    """A quantile of a worker's histogram for each value of the label `by`, as far as its buckets tell."""
    buckets = f"sum by (le, {by}) (rate({selector(f'{histogram}_bucket')}[$__rate_interval]))"
    return f"histogram_quantile({q:g}, {buckets})"


def _summed(metric: str, vector: str, by: str, constant: set[str]) -> str:
    """The vector summed by the label; `constant` labels have one value in it."""
    one = declared()[metric]
    grouped = f" by ({by}) " if by else ""
    if one.process == "worker":
        return f"sum{grouped}({vector})"
    kept = [label for label in one.labels if label not in constant]
    if kept == [by] or not kept:
        return f"max{grouped}({vector})"
    return f"sum{grouped}(max by ({', '.join(kept)}) ({vector}))"

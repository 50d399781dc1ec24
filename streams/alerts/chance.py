"""How probable so many bounces are on a keypad that is sound."""

from __future__ import annotations

from math import exp, lgamma

_NEGLIGIBLE = 1e-9


def chance_of_as_many(bounced: int, entries: int, usual: float, spread: float) -> float:
    """P(K >= bounced) of a beta-binomial K: `entries` draws on a pump whose own share is unknown.

    The shares of sound pumps are taken to vary around `usual` as a beta distribution of shape `spread`: hands and
    keypads differ, so that a binomial tail would accuse the quick-fingered. The smaller `spread`, the wider.
    """
    if bounced <= entries * usual:
        return 1.0
    a, b = spread, spread * (1 - usual) / usual
    term = exp(
        lgamma(entries + 1) - lgamma(bounced + 1) - lgamma(entries - bounced + 1)
        + lgamma(bounced + a) + lgamma(entries - bounced + b) - lgamma(entries + a + b)
        + lgamma(a + b) - lgamma(a) - lgamma(b)
    )  # fmt: skip
    tail = term
    for k in range(bounced, entries):
        term *= (entries - k) / (k + 1) * (k + a) / (entries - k - 1 + b)
        tail += term
        if term < _NEGLIGIBLE * tail:
            break
    return min(tail, 1.0)

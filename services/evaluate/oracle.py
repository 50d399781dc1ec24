"""The oracle: our model with the simulator's own slips, forms and timing, and priors that know every hospital.

What it reaches is an upper bound for this kind of model: it knows how slips are made, which no one does of real
ones, and its priors are fitted to all values, those of the hospital tested and its future included. What it cannot
have is what the figures cannot say: where the simulator draws another kind of slip because the first cannot happen
to a value, the model's shares stay as they are.
"""

from __future__ import annotations

from math import log, sqrt
from typing import TYPE_CHECKING

from msgspec.structs import replace

from streams.intent.parameters import Spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.events import Slip
    from services.pumps.behaviour import Behaviour
    from streams.intent.parameters import Parameters

OF_MIND = ("wrong_unit", "wrong_field", "stale_value")
"""Slips that happen on a keypad which steps a value too (services/pumps/slips.py)."""
_NEVER = 1e-6
_SURE = 1e6
_RUN = 2  # zeros in the usual run, beside one other digit: 100, 200, 500


def parameters(behaviour: Behaviour, ours: Parameters, corrected: float) -> Parameters:
    """The simulator's figures as ours; `corrected` is the share of slips that are put right within minutes."""
    slips, typing = behaviour.slips, behaviour.typing
    of_mind = {kind: share for kind, share in slips.shares.items() if kind in OF_MIND}
    rest = (1 - slips.overshoot) / (sum(of_mind.values()) or 1)
    stepped: dict[Slip, float] = {kind: share * rest for kind, share in of_mind.items()} | {
        "overshoot": slips.overshoot
    }
    between = Spread(typing.interval_ms, sqrt(typing.log_sd_within**2 + typing.log_sd_between**2))
    bounce = _uniform(*typing.bounce_ms)
    any_zero = slips.run_of_zeros + (1 - slips.run_of_zeros) * _RUN / (_RUN + 1)
    # Each of the simulator's factors is as likely; ours go both ways.
    factors = {factor: 2 / len(slips.unit_factors) for factor in slips.unit_factors if factor > 1}
    return replace(
        ours,
        version="oracle",
        base_rate=slips.rate,
        after_correction=1.0,
        after_same_slip=1.0,
        shares=_shares(slips.shares, ours.shares),
        stepped=_shares(stepped, ours.stepped),
        forms=replace(
            ours.forms,
            diagonal_neighbour=0.5,
            zero_of_a_run=any_zero / (1 - any_zero) / _RUN,
            extra_beside=1.0,
            second_slip=0.0,
            point_in_vain=0.0,
            overshoot_slow=0.7,
            unit_factors=factors,
        ),
        mistakes=replace(
            ours.mistakes,
            by_weight=0.0,
            weighed_twice=0.0,
            by_concentration=0.0,
            told_exactly=_typed_beside(),
            stale_with_keys=0.0,
        ),
        writing=replace(ours.writing, trailing_zero=_NEVER, naked_point=typing.naked_point, odd=_NEVER),
        timing=replace(
            ours.timing,
            between_keys=between,
            same_key=between,
            bounce=bounce,
            repeated=_uniform(*typing.same_key_ms),
            two_keys_at_once=bounce,
            at_once_share=1.0,
            long_hold_bounces=1.0,
            most_evidence=_SURE,
        ),
        prior=replace(ours.prior, correction=corrected),
        # Who knows how slips are made learns nothing of them.
        learned=replace(ours.learned, trust_slips=_SURE),
    )


def _shares(of: Mapping[Slip, float], ours: Mapping[str, float]) -> dict[str, float]:
    """The simulator's shares; those of slips that our model does not name are its `other`."""
    total = sum(of.values())
    found = dict.fromkeys(ours, 0.0)
    for kind, share in of.items():
        found[kind if kind in ours else "other"] += share / total
    return found


def _uniform(low: float, high: float) -> Spread:
    """The log-normal spread with the median and deviation of an interval drawn evenly between two."""
    mean = (high * log(high) - low * log(low)) / (high - low) - 1
    square = (high * log(high) ** 2 - low * log(low) ** 2) / (high - low) - 2 * mean
    return Spread(round(2.718281828459045**mean, 3), round(sqrt(square - mean**2), 4))


def _typed_beside() -> float:
    """Share of a programme's other fields that a nurse has typed: two of the three in services/evaluate/intents."""
    return 2 / 3

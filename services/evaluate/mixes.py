"""Other mixes of slips than the model assumes: what it finds must not hang on shares that are a judgement.

Each kind's share half or double its own, in two ways that are each other's opposite; all kinds alike; and the
shares dealt out anew, so that the commonest kind becomes the rarest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from schemas.events import Slip
    from services.pumps.behaviour import Behaviour


def mixes(behaviour: Behaviour) -> dict[str, Behaviour]:
    """The simulator with other shares, by what was done to them."""
    shares = dict(sorted(behaviour.slips.shares.items(), key=lambda item: (-item[1], item[0])))
    halved = {kind: share * (0.5, 2.0)[place % 2] for place, (kind, share) in enumerate(shares.items())}
    doubled = {kind: share * (2.0, 0.5)[place % 2] for place, (kind, share) in enumerate(shares.items())}
    return {
        "commonest halved, next doubled, ...": _with(behaviour, halved),
        "commonest doubled, next halved, ...": _with(behaviour, doubled),
        "all kinds alike": _with(behaviour, dict.fromkeys(shares, 1.0)),
        "commonest rarest": _with(behaviour, dict(zip(shares, reversed(shares.values()), strict=True))),
    }


def _with(behaviour: Behaviour, shares: dict[Slip, float]) -> Behaviour:
    total = sum(shares.values())
    shares = {kind: share / total for kind, share in shares.items()}
    return replace(behaviour, slips=replace(behaviour.slips, shares=shares))

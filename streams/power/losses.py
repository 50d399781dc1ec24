"""Which pumps of a unit lost the mains in the same seconds: a power failure, and not a habit.

A worker sees only the pumps of its own partitions, perhaps one in twelve of a unit. So the starts and returns of all
episodes are noted here, those of other partitions as they are published. Noting the same again changes nothing.
"""

from __future__ import annotations

from math import exp
from struct import Struct

TOGETHER_MS = 3_000  # pumps' clocks agree to seconds: judgement
KEPT_S = 3 * 3600
BY_CHANCE = 1e-4  # a coincidence rarer than this is none: judgement
BUCKET_MS = 8_000
ENOUGH = 32  # pumps at once are no coincidence in any unit
MOST = 256  # pumps of a unit noted in one bucket; more add nothing

# A hash of the pump · when it lost the mains, in ms from the bucket's beginning · when it had it back, in tenths of a
# second from then (0: not yet). A fleet has many losses; as objects each would take ten times these bytes.
_LOSS = Struct("<IHI")

Unit = tuple[str, str]  # hospital, care area


class UnitLosses:
    """The last hours of each unit."""

    def __init__(self) -> None:
        self._units: dict[Unit, dict[int, bytes]] = {}

    def note(self, unit: Unit, pump: str, at: int, back: int = 0) -> None:
        """A pump of the unit lost the mains at `at`, and has it back since `back` (ms since 1970; 0: not yet)."""
        buckets = self._units.setdefault(unit, {})
        number, offset = divmod(at, BUCKET_MS)
        bucket = buckets.get(number)
        if bucket is None:
            oldest = (at - KEPT_S * 1000) // BUCKET_MS
            for old in [known for known in buckets if known < oldest]:
                del buckets[old]
            bucket = b""
        name, after = _name(pump), min(max(back - at, 0) // 100, 2**32 - 1)
        place = _place(bucket, name)
        if place >= 0:
            known = _LOSS.unpack_from(bucket, place)
            loss = (name, offset, after or known[2])
            if loss != known:
                buckets[number] = bucket[:place] + _LOSS.pack(*loss) + bucket[place + _LOSS.size :]
        elif len(bucket) < MOST * _LOSS.size:
            buckets[number] = bucket + _LOSS.pack(name, offset, after)

    def failed(self, unit: Unit, pump: str, at: int, back: int = 0) -> bool:
        """Whether so many pumps lost the mains together with this one that it is no coincidence.

        Three pumps within seconds, or two that also got it back together; and never as few as chance brings together
        in a unit of so many starts an hour.
        """
        buckets = self._units.get(unit)
        if not buckets:
            return False
        together: set[int] = set()
        returned = False
        name, here = _name(pump), at // BUCKET_MS
        for number in (here, here - 1, here + 1):  # where all of a unit failed, the first tells enough
            for other, offset, after in _LOSS.iter_unpack(buckets.get(number, b"")):
                lost = number * BUCKET_MS + offset
                if other != name and abs(lost - at) <= TOGETHER_MS:
                    together.add(other)
                    returned = returned or bool(back and after and abs(lost + after * 100 - back) <= TOGETHER_MS)
                    if len(together) >= ENOUGH:
                        return True
        if not (len(together) >= 2 or returned):
            return False
        starts = sum(len(bucket) for bucket in buckets.values()) // _LOSS.size - len(together)
        share = 2 * TOGETHER_MS / (KEPT_S * 1000)
        if len(together) >= 2:
            return _at_least(len(together), starts * share) < BY_CHANCE
        # The return is a second coincidence of the same kind.
        return _at_least(1, starts * share) * share * max(starts, 1) < BY_CHANCE


def _place(bucket: bytes, name: int) -> int:
    """Where the loss of a pump stands in a bucket, -1 if nowhere."""
    sought = name.to_bytes(4, "little")
    place = bucket.find(sought)
    while place >= 0 and place % _LOSS.size:
        place = bucket.find(sought, place + 1)
    return place


def _name(pump: str) -> int:
    return hash(pump) & 0xFFFF_FFFF


def _at_least(count: int, expected: float) -> float:
    """The probability of `count` or more where `expected` are expected (Poisson)."""
    term = below = exp(-expected)
    for number in range(1, count):
        term *= expected / number
        below += term
    return max(1.0 - below, 0.0)

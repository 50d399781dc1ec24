"""Which heartbeats of a pump may wait to be looked at: nearly all of a fleet.

A heartbeat that says what the one before said is kept, and looked at with the next one that says more. For a pump with
an open episode it is written in front of the episode until when that holds.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from streams.power.observation import ACTIVE, AT_SHIFT, SIZE, tenths
from streams.power.slot import EPISODE, HEAD, OPEN

if TYPE_CHECKING:
    from schemas.events import PowerEvent

WAKE = Struct("<IIH")  # until when (s since 1970), if the pump runs as (hash) before, and the charge (tenths) then
NOW = WAKE.pack(0, 0, 0)
REST_S = 200  # heartbeats are looked at as often as this: an outlook moves slower
FELL = 20  # tenths by which a gauge may fall before it is looked at
# In observations (see there): what a pump infused is added up whenever so much time, nearly nine minutes, begins.
STEP = 2**19 << AT_SHIFT
# A slot may grow to so many bytes before it is cut to what is needed.
_LONG = HEAD.size + 48 * SIZE


def wake(event: PowerEvent, clock: int, due_s: int) -> bytes:
    """Heartbeats that say the same as this event may wait until `due_s`, and not long; `clock` in ms."""
    return WAKE.pack(min(due_s, clock // 1000 + REST_S), running_as(event), int(event.charge_pct * 10 + 0.5))


def goes_on(event: PowerEvent, observation: int, entry: bytes, slot: bytes) -> bool:
    """Whether an event is the pump's newest and says nothing that cannot wait a few minutes."""
    last = slot[-SIZE:]
    if last >= entry or len(slot) > _LONG:
        return False
    differs = int.from_bytes(last, "big") ^ observation
    if differs & ACTIVE or differs >= STEP:
        return False
    if observation & ACTIVE != ACTIVE:
        return not slot[0] & OPEN
    if event.kind != "heartbeat":
        return False
    wake_s, same, charge = WAKE.unpack_from(slot, EPISODE[slot[0]])
    return bool(
        (observation >> AT_SHIFT) // 1000 < wake_s
        and charge - tenths(observation) <= FELL
        and running_as(event) == same
    )


def running_as(event: PowerEvent) -> int:
    """A hash of where a pump is and what it runs: as long as it stays the same, heartbeats tell only of the charge."""
    told = (event.care_area, event.location, event.rate_ml_h, event.channels_running, *(event.drugs or ()))
    return hash(told) & 0xFFFF_FFFF

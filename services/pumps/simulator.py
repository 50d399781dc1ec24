"""A simulated fleet: pumps of several hospitals, care areas and keypads, from nothing but a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.pumps.dice import base36, mix, text_seed
from services.pumps.fleet import Fleet
from services.pumps.plugs import often
from services.pumps.programmes import Programmes
from services.pumps.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.pumps.behaviour import Behaviour
    from services.pumps.truth import Truth


def simulated(
    *,
    pumps: int,
    hospitals: int,
    seed: int,
    start_ms: int,
    behaviour: Behaviour,
    slip_rate: float | None = None,
    busy: float = 1.0,
    tell: Callable[[Truth], None] | None = None,
) -> Traffic:
    """The traffic of `pumps` pumps whose clocks begin at `start_ms`; it never ends.

    The same arguments give the same events with the same ids; another seed or start gives other ids. `busy` is how
    many times as often as in real hospitals values are entered and plugs are pulled.
    """
    chance = mix(seed, text_seed("simulator"))
    run = base36(mix(chance, start_ms) >> 34)
    return Traffic(
        pumps,
        Fleet(pumps, hospitals, seed, behaviour),
        Programmes(pumps, chance, start_ms, run, behaviour, slip_rate, busy),
        chance=chance,
        start_ms=start_ms,
        run=run,
        figures=often(behaviour.power, busy),
        tell=tell,
    )

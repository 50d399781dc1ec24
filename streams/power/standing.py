"""What stands of an open episode beside its figures: its name, when a revision is due, and what was told of it."""

from __future__ import annotations

from struct import Struct

from streams.power.packed import Packed


class Standing(Packed):
    """Times named _s are in seconds since 1970."""

    form = Struct("<IQIIIIHHB??????")

    heard_s: int = 0  # first, so that it is read without the rest; 0: not yet
    began_ms: int = 0  # as the episode's name says
    due_s: int = 0
    empty_told_s: int = 0
    grace_check_s: int = 0
    revision: int = 0
    model: int = 0  # the number of its name
    place: int = 0
    flips: int = 0
    active_told: bool = True
    leeway: bool = False
    silent: bool = False
    low: bool = False
    depleted: bool = False
    test: bool = False

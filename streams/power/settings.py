"""Every threshold of the power decisions, checked once at start."""

from __future__ import annotations

from dataclasses import dataclass, fields

MINUTE = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSettings:
    """Thresholds of episodes. All times are event time. Raises ValueError naming the field that does not fit."""

    # Infusing on battery for this long is no longer a transport: a judgement, as hospitals differ.
    grace_min: float = 10
    # No word for longer than this ends an episode at its last event on battery: silence is not "on battery".
    silence_min: float = 15
    # Real captures came 5 to 185 s after the event; older ones than this are refused.
    lateness_s: float = 240
    # On mains or not infusing for this long ends an episode; a shorter return belongs to it. A judgement.
    pause_s: float = 60
    # An open episode is published again at least this often, and this often when it is empty within the hour.
    revise_min: float = 10
    revise_soon_min: float = 5
    # This many returns to mains, each shorter than `pause_s`, are a cord and not a person. A judgement.
    loose_cord_returns: int = 2
    # Shorter than this and over is too short to call it anything. A judgement.
    blip_s: float = 60
    # No word of a pump that infuses on battery for longer than this is told, and again after `silent_again_min`, so
    # that a restart finds it. Heartbeats come each minute, at most 185 s late. A judgement.
    silent_after_min: float = 6
    silent_again_min: float = 20
    # A predicted end that moves by this much is published at once.
    empty_shift_min: float = 5
    # A pump not heard of for this long leaves memory. Twice the 24 h by which a clock may be ahead.
    memory_h: float = 48

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
                raise ValueError(f"power setting `{field.name}`: expected a number above 0, got {value!r}")
        if self.pause_s >= self.silence_min * 60:
            raise ValueError(f"power setting `pause_s`: {self.pause_s:g} s must be shorter than `silence_min`")
        if self.revise_min > 15 or self.revise_min >= self.silence_min:
            # After a restart an episode goes on from its last revision, which must not look like silence.
            raise ValueError("power setting `revise_min`: at most 15, and less than `silence_min`")
        if self.silent_again_min > 30:
            # A restart reads back the revisions of the last 40 minutes.
            raise ValueError("power setting `silent_again_min`: at most 30")
        if self.memory_h * 60 <= self.silence_min + self.lateness_s / 60:
            raise ValueError("power setting `memory_h`: must be longer than `silence_min` and `lateness_s` together")


class Thresholds:
    """The settings in the units of the decisions: milliseconds and counts."""

    __slots__ = (
        "blip",
        "empty_shift",
        "grace",
        "lateness",
        "loose_cord_returns",
        "memory",
        "pause",
        "revise",
        "revise_soon",
        "silence",
        "silent_after",
        "silent_again",
    )

    def __init__(self, settings: PowerSettings) -> None:
        self.grace = round(settings.grace_min * MINUTE)
        self.silence = round(settings.silence_min * MINUTE)
        self.lateness = round(settings.lateness_s * 1000)
        self.pause = round(settings.pause_s * 1000)
        self.revise = round(settings.revise_min * MINUTE)
        self.revise_soon = round(settings.revise_soon_min * MINUTE)
        self.loose_cord_returns = settings.loose_cord_returns
        self.blip = round(settings.blip_s * 1000)
        self.silent_after = round(settings.silent_after_min * MINUTE)
        self.silent_again = round(settings.silent_again_min * MINUTE)
        self.empty_shift = round(settings.empty_shift_min * MINUTE)
        self.memory = round(settings.memory_h * 60 * MINUTE)

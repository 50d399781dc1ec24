"""Settling: what no late event can precede any more is counted, and ends an episode where it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.power import window as windows
from streams.power.observation import AT_SHIFT, is_active

if TYPE_CHECKING:
    from schemas.events import PowerEpisode
    from streams.power.episode import OpenEpisode

FOREVER = 2**62  # as a horizon: nothing of the pump is expected any more


def settled(
    episode: OpenEpisode, window: bytes, horizon: int, clock: int, revisions: list[PowerEpisode]
) -> tuple[OpenEpisode | None, bytes]:
    """Settle what is older than `horizon` (ms); the episode that goes on, if any, and what the window keeps."""
    kept = windows.trimmed(window, horizon) if horizon < FOREVER else b""
    old = windows.observations(window[: len(window) - len(kept)])
    current: OpenEpisode | None = episode
    if not (old and episode.settle_steady(old)):
        for observation in old:
            at = observation >> AT_SHIFT
            if current is not None and current.over_by(at):
                revisions.append(current.close(clock))
                current = None
            if current is None and is_active(observation):
                current = episode = episode.successor(at)
            if current is not None:
                current.settle(observation)
    if current is not None and current.over_by(horizon):
        revisions.append(current.close(clock))
        current = None
    if current is None and (start := windows.first_active(kept)):
        current = episode.successor(start >> AT_SHIFT)
    return current, kept

"""Episodes on their way to `pw:episodes:{pump}`: the latest revision of each waits until Redis takes it.

They go beside the live states and not through the read-model agent: a topic that it reads stands still while Redis is
away, and alerts on batteries come from this one. What a crash takes is noted again at the next start, as workers follow
the episodes of the last three hours (`streams.lost_mains`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from schemas.events import PowerEpisode

log = structlog.get_logger()

# More than a fleet of a million publishes in five minutes, and about 60 MB.
MOST_WAITING = 100_000


class WaitingEpisodes:
    """The latest revision of each episode that is not written yet; of too many, those noted last."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._waiting: dict[str, PowerEpisode] = {}
        self._dropped = False

    def __len__(self) -> int:
        return len(self._waiting)

    def note(self, episode: PowerEpisode) -> None:
        """Take a revision; it replaces an older one of its episode."""
        known = self._waiting.pop(episode.episode, None)
        self._waiting[episode.episode] = known if known and known.revision > episode.revision else episode
        if len(self._waiting) > self._most:
            del self._waiting[next(iter(self._waiting))]
            if not self._dropped:
                log.warning("pages of pumps will lack episodes on battery until pumpwatch rebuild-redis is run")
            self._dropped = True

    def waiting(self) -> list[PowerEpisode]:
        """All that are not written yet."""
        return list(self._waiting.values())

    def written(self, episodes: list[PowerEpisode]) -> None:
        """These are in Redis; newer revisions may have come meanwhile."""
        for episode in episodes:
            if self._waiting.get(episode.episode) is episode:
                del self._waiting[episode.episode]
        self._dropped = False

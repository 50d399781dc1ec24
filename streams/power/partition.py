"""The power side of one partition: every pump's last few minutes, and its episode if it has one."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from schemas.codec import EventRefused, ms
from streams.power import window as windows
from streams.power.episode import FOREVER, OpenEpisode, was_active
from streams.power.observation import AT_SHIFT, LATEST_MS, is_active, observe, recalled
from streams.power.settings import PowerSettings, Thresholds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from schemas.events import PowerEpisode, PowerEvent

# So often, in events, as many pumps are looked at: whether they have been silent for too long.
SWEEP_EVERY = 1000


class PowerPartition:
    """Follows the pumps of one partition.

    What is published about a pump depends on that pump's events alone, with one exception: a pump not heard of
    for `memory_h` of the partition's event time leaves memory, which closes its episode at its last word.
    """

    def __init__(self, settings: PowerSettings | None = None) -> None:
        self._thresholds = Thresholds(settings or PowerSettings())
        self._windows: dict[str, bytes] = {}
        self._open: dict[str, OpenEpisode] = {}
        self._resumed: dict[str, int] = {}
        self._clock = 0
        self._applied = 0
        self._sweep: Iterator[str] = iter(())

    def __len__(self) -> int:
        return len(self._windows)

    @property
    def open_episodes(self) -> int:
        """How many episodes have not ended."""
        return len(self._open)

    def apply(self, event: PowerEvent, offset: int) -> list[PowerEpisode]:
        """The episode revisions that an event leads to, in order.

        Raises EventRefused: `duplicate` if this event was just seen, `late` if it is older than the pump's newest
        by more than `lateness_s`, `clock` if its time cannot be. After `restore`, an event up to the offset that
        the pump's last revision comes from is only read again: it leads to nothing.
        """
        pump = event.pump
        if self._resumed:
            if not self._applied:
                self._trust_from(offset)
            if offset <= self._resumed.get(pump, -1):
                return []
        at = ms(event.at)
        if not 0 < at < LATEST_MS:
            raise EventRefused("clock", f"field `at`: {event.at.isoformat()} cannot be; set the pump's clock")
        observation = observe(event, at, self._thresholds.fault_pct)
        revisions: list[PowerEpisode] = []
        window = self._windows.get(pump)
        clock = at if window is None else max(at, windows.newest(window) >> AT_SHIFT)
        if window is not None and clock - at > self._thresholds.lateness:
            self._refuse_late(event, clock - at, window)
            self._end(pump, window, revisions)
            window, clock = None, at
        follow = pump in self._open or is_active(observation)
        if window is None:
            window = windows.opened(event, observation)
        else:
            window = windows.placed(window, event, observation, 0 if follow else clock - self._thresholds.lateness)
        if follow:
            window = self._follow(event, observation, window, clock, revisions)
        self._windows[pump] = window
        self._clock = max(self._clock, clock)
        self._applied += 1
        if self._applied % SWEEP_EVERY == 0:
            self._forget_silent(revisions)
        return revisions

    def restore(self, published: Iterable[tuple[PowerEpisode, int]]) -> None:
        """Go on from published revisions in their order, each with the offset of the record it comes from.

        A revision tells one episode of a pump. An episode that began before the one in front of it was settled
        (within `lateness_s` and `pause_s` of its end) may therefore be known only from its next event on.
        """
        for revision, offset in published:
            pump = revision.pump
            self._resumed[pump] = max(offset, self._resumed.get(pump, -1))
            self._windows[pump] = windows.remembered(
                recalled(ms(revision.at), revision.charge_min, active=was_active(revision))
            )
            if revision.ended_at is None:
                self._open[pump] = OpenEpisode.resume(revision, self._thresholds)
            else:
                self._open.pop(pump, None)

    def _trust_from(self, first_offset: int) -> None:
        """Expect no silence where nothing was lost: records before `first_offset` are not read again."""
        for pump, episode in self._open.items():
            if self._resumed[pump] + 1 >= first_offset:
                episode.leeway = 0

    def _follow(
        self, event: PowerEvent, observation: int, window: bytes, clock: int, revisions: list[PowerEpisode]
    ) -> bytes:
        """Take an event into the pump's episode, end what is over, publish what is due; what the window keeps."""
        pump = event.pump
        episode = self._open.get(pump)
        if episode is None:
            episode = OpenEpisode(event, observation >> AT_SHIFT, self._thresholds)
        urgent = episode.hear(event, observation, newest=observation == windows.newest(window))
        going_on, window = self._settled(episode, event, window, clock - self._thresholds.lateness, clock, revisions)
        if going_on is None:
            self._open.pop(pump, None)
        else:
            self._open[pump] = going_on
            revision = going_on.revise(clock, window, urgent=urgent)
            if revision is not None:
                revisions.append(revision)
        return window

    def _settled(
        self,
        episode: OpenEpisode,
        about: PowerEvent | OpenEpisode,
        window: bytes,
        horizon: int,
        clock: int,
        revisions: list[PowerEpisode],
    ) -> tuple[OpenEpisode | None, bytes]:
        """Settle what is older than `horizon`; the episode that goes on, if any, and what the window keeps."""
        kept = windows.trimmed(window, horizon) if horizon < FOREVER else window[: windows.SEQ.size]
        current: OpenEpisode | None = episode
        for observation in windows.observations(window[: len(window) - len(kept) + windows.SEQ.size]):
            at = observation >> AT_SHIFT
            if current is not None and current.over_by(at):
                revisions.append(current.close(clock))
                current = None
            if current is None and is_active(observation):
                current = episode = episode.successor(about, at)
            if current is not None:
                current.settle(observation)
        if current is not None and current.over_by(horizon):
            revisions.append(current.close(clock))
            current = None
        if current is None and (start := windows.first_active(kept)):
            current = episode.successor(about, start >> AT_SHIFT)
        return current, kept

    def _end(self, pump: str, window: bytes, revisions: list[PowerEpisode]) -> None:
        """Close the pump's episode with all that is known of it."""
        episode = self._open.pop(pump, None)
        if episode is not None:
            self._settled(episode, episode, window, FOREVER, windows.newest(window) >> AT_SHIFT, revisions)

    def _forget_silent(self, revisions: list[PowerEpisode]) -> None:
        pumps = list(islice(self._sweep, SWEEP_EVERY))
        for pump in pumps:
            window = self._windows.get(pump)
            if window is not None and windows.newest(window) >> AT_SHIFT < self._clock - self._thresholds.memory:
                del self._windows[pump]
                self._resumed.pop(pump, None)
                self._end(pump, window, revisions)
        if len(pumps) < SWEEP_EVERY:
            self._sweep = iter(list(self._windows))

    def _refuse_late(self, event: PowerEvent, late: int, window: bytes) -> None:
        """Refuse an event that comes too late, unless its seq says that it is new: the clock was set back."""
        if event.seq > windows.highest_seq(window):
            return
        raise EventRefused(
            "late",
            f"field `at`: {late / 60_000:,.0f} min older than the newest event of pump {event.pump}, too late to "
            f"count; send events within {self._thresholds.lateness / 60_000:g} min, or set the pump's clock",
        )

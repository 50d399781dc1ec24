"""Going on after a restart, from what was published before it.

A revision of an episode is what a restart goes on from: one with `paused_at` counts no minutes after it, and one at a
later time than its `paused_at` says that the pump is on battery again, perhaps in its next episode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.codec import ms
from streams.power.battery import Battery
from streams.power.company import Company, Stretch, what_was
from streams.power.episode import NEVER_S, OpenEpisode
from streams.power.observation import SIZE, recalled
from streams.power.settings import MINUTE
from streams.power.slot import SEQ_UNKNOWN, Slot, parted
from streams.power.standing import Standing
from streams.power.tally import Tally

if TYPE_CHECKING:
    from schemas.events import BatteryHealth, PowerEpisode
    from streams.power.fleet import Fleet


class Restart:
    """What was known before it of the pumps of a partition (`slots`).

    `through` holds the offset that the last revision of a pump comes from: its events up to there are only read again.
    """

    def __init__(self, slots: dict[str, bytes], fleet: Fleet) -> None:
        self._slots, self._fleet = slots, fleet
        self._applied = False
        self.through: dict[str, int] = {}
        self.batteries: dict[str, bytes] = {}  # of pumps not heard of since

    def take_up(self, revision: PowerEpisode, offset: int) -> None:
        """Go on from a published revision and the offset of the record that it comes from; the last one counts."""
        pump = revision.pump
        self.through[pump] = max(offset, self.through.get(pump, -1))
        known = self._slots.get(pump)
        battery = parted(known).battery if known is not None else b""
        if revision.battery is not None:
            battery = Battery.recalled(revision.battery).packed()
        episode = b""
        if revision.ended_at is None:
            episode = resumed(revision, self._fleet, Battery.of(battery)).packed()
        last = revision.silent_since or revision.at
        window = recalled(ms(last), revision.charge_min, active=was_active(revision)).to_bytes(SIZE, "big")
        self._slots[pump] = Slot(SEQ_UNKNOWN, 0, battery, episode, window).packed()

    def remember(self, pump: str, health: BatteryHealth) -> None:
        """Take up what was published of a battery, unless its own episodes told more already."""
        known = self._slots.get(pump)
        slot = parted(known) if known is not None else None
        if slot is None:
            self.batteries[pump] = Battery.recalled(health).packed()
        elif not slot.battery:
            self._slots[pump] = slot._replace(battery=Battery.recalled(health).packed()).packed()

    def read_again(self, pump: str, offset: int) -> bool:
        """Whether what the record leads to was published before the restart."""
        if not self._applied:
            self._applied = True
            self._trust_from(offset)
        return offset <= self.through.get(pump, -1)

    def _trust_from(self, first_offset: int) -> None:
        """Expect no silence where nothing was lost: records before `first_offset` are not read again."""
        for pump, offset in self.through.items():
            slot = parted(self._slots[pump])
            if slot.episode and offset + 1 >= first_offset:
                episode = OpenEpisode.kept_in(slot, pump, self._fleet)
                episode.trust()
                self._slots[pump] = slot._replace(episode=episode.packed()).packed()


def resumed(published: PowerEpisode, fleet: Fleet, battery: Battery) -> OpenEpisode:
    """An episode that was still open, from its published revision."""
    thresholds = fleet.thresholds
    clock, started = ms(published.at), ms(published.started_at)
    place = fleet.told.places.number((published.hospital, published.care_area))
    paused = ms(published.paused_at) if published.paused_at is not None else 0
    spoke = ms(published.silent_since) if published.silent_since is not None else clock
    empty_s = ms(published.empty_at) // 1000 if published.empty_at is not None else 0
    standing = Standing(
        began_ms=int(published.episode.rpartition("@")[2]),
        due_s=(clock + thresholds.revise) // 1000,
        empty_told_s=empty_s,
        grace_check_s=NEVER_S if published.minutes * MINUTE >= thresholds.grace else clock // 1000,
        revision=published.revision,
        model=fleet.told.models.number(published.model or ""),
        place=place,
        active_told=was_active(published),
        # Heartbeats between the revision and the restart are not read again: their silence proves nothing.
        leeway=True,
        silent=published.silent_since is not None,
        low=published.low_alarm,
        depleted=published.depleted,
        test=published.test,
    )
    tally = Tally(
        started=started,
        last=recalled(paused or spoke, published.charge_min, active=not paused),
        paused=paused,
        active_ms=round(published.minutes * MINUTE),
        charge_start=round(published.charge_start * 10),
        charge_min=round(published.charge_min * 10),
        returns=thresholds.loose_cord_returns if published.cause == "loose_cord" else 0,
        paused_on_mains=bool(paused),
        fault=published.cause == "battery_fault",
    )
    drugs = [fleet.told.drugs.number(drug) for drug in published.drugs]
    stretches = [Stretch(started, clock, what_was(place, 0, drugs))]
    if published.cause == "transport":  # it had moved, to where is lost
        stretches += [Stretch(started, clock, what_was(place, where, ())) for where in (1, 2)]
    episode = OpenEpisode(published.pump, fleet, battery, standing, tally, company=Company.of(stretches))
    episode.runway.resume(empty_s)
    return episode


def was_active(published: PowerEpisode) -> bool:
    """Whether the pump was infusing on battery at the time of a revision; after a pause it is then back again."""
    return published.ended_at is None and (published.paused_at is None or published.paused_at < published.at)

"""What the stream has learned: usual values by hospital and drug, and the slips of a hospital.

The counts are kept in cells, one for each hospital, drug, unit and source partition; here they are added up to what a
prior asks for. A cell is taught where its partition is read and taken over as a published state everywhere else;
`through` tells what it holds already, so neither a replay nor an older state counts twice. Not for several threads.
"""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from streams.intent import learning
from streams.intent.bounded import Bounded
from streams.intent.counts import LANDMARK, LANDMARK_DAY, SPARE_VALUES, Cell, Counts, Decay
from streams.intent.shelf import Drug, Shelf
from streams.intent.state import cell_of, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from schemas.drugs.care_areas import Profile
    from schemas.events import IntentState, Slip
    from streams.intent.learning import Learning

KEPT_VIEWS = 8192
"""Sums kept, up to about 10 KB each: 80 MB at most."""
FADED_AFTER_DAYS = 7
"""A sum is made anew after so long: its counts have faded by 3% then."""
NEWS = 8
"""What was learned everywhere is added up anew when one part in so many of it is new."""


class Lesson(Struct, frozen=True, gc=False):
    """An entry that stood, or a slip; by canonical names.

    `day` is the ordinal of the day that it counts for. `taken_back`: the slip was undone while typing, not by an entry.
    """

    drug: Drug
    profile: Profile
    value: float
    slip: Slip | None
    at: datetime
    day: int
    test: bool
    taken_back: bool = False


class Account(NamedTuple):
    """What is known of a drug at a hospital: its profiles, slips, newest entry, and how many partitions."""

    profiles: tuple[Profile, ...]
    slips: dict[str, float]
    taken_back: dict[str, float]
    newest: datetime
    partitions: int
    test: bool


class LearnedOf:
    """Decayed counts of a drug, unit and profile.

    Attributes:
        entries: entries that stood; may be more than `values` add up to, as rare values are forgotten.
        values: the same by exact value.
        version: rises with every change, and differs between any two contents.
        test: taught by simulated or replayed entries alone.
    """

    __slots__ = ("as_of", "entries", "news", "per_weight", "test", "values", "version")

    def __init__(self, as_of: int, per_weight: float, version: int, news: int = 0) -> None:
        self.entries = 0.0
        self.values: dict[float, float] = {}
        self.version = version
        self.as_of = as_of
        self.per_weight = per_weight
        self.news = news
        self.test = False

    def add(self, counts: Counts, share: float) -> None:
        """Add counts of one cell, each times `share`."""
        self.entries += counts.entries * share
        values = self.values
        for value, count in counts.values.items():
            values[value] = values.get(value, 0.0) + count * share


class _Hospital:
    """Sums of a hospital at the landmark's weight, and how many drugs it has."""

    __slots__ = ("changes", "drugs", "entries", "slips", "taken_back")

    def __init__(self) -> None:
        self.changes = 0
        self.drugs = 0
        self.entries = 0.0
        self.slips: dict[str, float] = {}
        self.taken_back: dict[str, float] = {}


class _Everywhere:
    """The hospitals that have a drug and unit, and how many entries were learned of it since the start."""

    __slots__ = ("hospitals", "news")

    def __init__(self) -> None:
        self.hospitals: dict[str, None] = {}
        self.news = 0


View = tuple[Drug, str]


class Learned:
    """All that was learned, by whichever partition; bounded in memory by the figures."""

    def __init__(self, figures: Learning | None = None) -> None:
        self._figures = figures or learning.load()
        self._most_values = self._figures.values_kept + SPARE_VALUES
        self._decay = Decay(self._figures.half_life_days)
        self._shelf = Shelf(self._figures.memory_mb * 1024 * 1024)
        self._hospitals: dict[str, _Hospital] = {}
        self._drugs: dict[tuple[str, str], _Everywhere] = {}
        self._sums: dict[Drug, tuple[_Hospital, _Everywhere]] = {}
        self._views: Bounded[View, LearnedOf] = Bounded(KEPT_VIEWS)
        self._everywhere: Bounded[tuple[str, str, str], LearnedOf] = Bounded(KEPT_VIEWS)
        self._changed: dict[int, dict[Drug, None]] = {}
        self._today = LANDMARK_DAY
        self._version = 0

    def __len__(self) -> int:
        """How many drugs, units and hospitals something is known of."""
        return len(self._shelf)

    # -- what a prior asks

    def of(self, hospital: str, drug: str, unit: str, profile: Profile) -> LearnedOf | None:
        """What a hospital enters for a drug in a unit in care areas of a profile; all by canonical names."""
        of = Drug(hospital, drug, unit)
        view = self._views.get((of, profile))
        if view is None or self._today - view.as_of > FADED_AFTER_DAYS:
            if of not in self._shelf:
                return None
            view = self._view()
            cells = [cell for cell in self._shelf.cells(of) if profile in cell.profiles]
            view.test = all(cell.test for cell in cells)
            for cell in cells:
                if cell.test == view.test:
                    view.add(cell.profiles[profile], view.per_weight)
            self._views.put((of, profile), view)
        return view if view.entries else None

    def everywhere(self, drug: str, unit: str, profile: Profile) -> LearnedOf | None:
        """The same of all hospitals together, each weighing no more than the cap.

        A little behind (see `NEWS`). Hospitals of simulated pumps count only where there are no others.
        """
        of = self._drugs.get((drug, unit))
        if of is None:
            return None
        news = of.news
        view = self._everywhere.get((drug, unit, profile))
        if view is None or news - view.news > view.entries / NEWS or self._today - view.as_of > FADED_AFTER_DAYS:
            view = self._view(news)
            for counts, share in self._of_hospitals(drug, unit, profile, view.per_weight):
                view.add(counts, share * view.per_weight)
            self._everywhere.put((drug, unit, profile), view)
        return view if view.entries else None

    def slips(self, hospital: str) -> dict[str, float]:
        """Decayed counts of the slips that corrections confirmed at a hospital."""
        known = self._hospitals.get(hospital)
        return {} if known is None else self._today_of(known.slips)

    def taken_back(self, hospital: str) -> dict[str, float]:
        """Decayed counts of the slips that were undone while typing at a hospital."""
        known = self._hospitals.get(hospital)
        return {} if known is None else self._today_of(known.taken_back)

    def slips_as_of(self, hospital: str) -> tuple[int, int]:
        """The day, and how often the counts of slips of a hospital changed: as long as it is the same, so are they."""
        known = self._hospitals.get(hospital)
        return self._today, 0 if known is None else known.changes

    def entries(self, hospital: str) -> float:
        """Decayed count of the entries that taught at a hospital."""
        known = self._hospitals.get(hospital)
        return 0.0 if known is None else known.entries / self._decay.weight(self._today)

    # -- what a person asks

    def drugs(self) -> Iterator[Drug]:
        """Every drug and unit of every hospital that something is known of."""
        return self._shelf.drugs()

    def account(self, drug: Drug) -> Account:
        """Where the counts of a drug at a hospital come from."""
        cells = list(self._shelf.cells(drug))
        slips: dict[str, float] = {}
        taken_back: dict[str, float] = {}
        for cell in cells:
            _add(slips, cell.slips, 1.0)
            _add(taken_back, cell.taken_back, 1.0)
        profiles = dict.fromkeys(profile for cell in cells for profile in cell.profiles)
        newest = max((cell.at for cell in cells), default=LANDMARK)
        return Account(
            tuple(profiles),  # type: ignore[arg-type]  # a cell is packed and unpacked as plain text
            self._today_of(slips), self._today_of(taken_back), newest, len(cells), all(cell.test for cell in cells),
        )  # fmt: skip

    # -- teaching

    def teach(self, lesson: Lesson, partition: int, position: tuple[int, int]) -> bool:
        """Learn from an entry decided at `position` of a source partition; False if that was known or is refused."""
        drug = lesson.drug
        cell = self._shelf.open(drug, partition)
        if cell is None:
            if not self._welcome(drug):
                return False
            cell = self._start(drug, partition, lesson)
        elif position <= cell.through or (lesson.test and not cell.test):
            return False
        elif cell.test and not lesson.test:
            self._let_go(drug, cell)  # what real pumps teach is not mixed with simulated entries
            self._views.pop((drug, lesson.profile))
            cell = self._start(drug, partition, lesson)
        cell.through = position
        at, day = lesson.at, lesson.day
        # Not `max`, which takes twice as long: this is done for every entry that teaches.
        if at > cell.at:  # noqa: PLR1730
            cell.at = at
        if day > self._today:  # noqa: PLR1730
            self._today = day
        weight = self._decay.weight(day)
        self._version += 1
        if lesson.slip is not None:
            hospital = self._sums[drug][0]
            one: dict[str, float] = {lesson.slip: weight}
            _add(cell.taken_back if lesson.taken_back else cell.slips, one, 1.0)
            _add(hospital.taken_back if lesson.taken_back else hospital.slips, one, 1.0)
            hospital.changes += 1
        else:
            self._count(drug, cell, lesson, weight)
        changed = self._changed.get(partition)
        if changed is None:
            changed = self._changed[partition] = {}
        changed[drug] = None
        self._forget()
        return True

    # -- states of partitions

    def put(self, state: IntentState) -> bool:
        """Take over what a partition published; False if what is known here reaches as far or further."""
        drug = Drug(state.hospital, state.drug, state.unit)
        known = self._shelf.get(drug, state.partition)
        if known is None:
            if not self._welcome(drug):
                return False
            self._register(drug)
        elif state.through <= known.through:
            return False
        else:
            self._let_go(drug, known)
        cell = cell_of(state, self._decay)
        self._shelf.put(drug, state.partition, cell)
        self._recount(drug, cell, 1.0)
        day = cell.at.toordinal()
        self._today = max(self._today, day)
        self._version += 1
        self._changed.get(state.partition, {}).pop(drug, None)
        for profile in cell.profiles:
            self._views.pop((drug, profile))
        self._sums[drug][1].news += max(1, round(cell.entries() / self._decay.weight(day)))
        self._forget()
        return True

    def tell_again(self, state: IntentState) -> None:
        """Count a cell as changed though it is not: an older state stands after it, and compaction would keep that."""
        self._changed.setdefault(state.partition, {})[Drug(state.hospital, state.drug, state.unit)] = None

    def take_changed(self, partition: int) -> Iterator[IntentState]:
        """The states of a partition that changed since they were taken last, each as it is when it is its turn."""
        for drug in self._changed.pop(partition, {}):
            cell = self._shelf.get(drug, partition)
            if cell is not None:
                yield state_of(drug, partition, cell, self._decay)

    # -- inside

    def _today_of(self, counts: dict[str, float]) -> dict[str, float]:
        per_weight = 1 / self._decay.weight(self._today)
        return {name: count * per_weight for name, count in counts.items()}

    def _count(self, drug: Drug, cell: Cell, lesson: Lesson, weight: float) -> None:
        counts = cell.profiles.get(lesson.profile)
        if counts is None:
            counts = cell.profiles[lesson.profile] = Counts(0.0, {})
        value = lesson.value
        counts.entries += weight
        values = counts.values
        values[value] = values.get(value, 0.0) + weight
        if len(values) > self._most_values:
            counts.trim(self._figures.values_kept)
        hospital, everywhere = self._sums[drug]
        hospital.entries += weight
        everywhere.news += 1
        view = self._views.get((drug, lesson.profile))
        if view is None:
            return
        if lesson.test != view.test or len(view.values) > 2 * self._figures.values_kept:
            self._views.pop((drug, lesson.profile))
            return
        weight *= view.per_weight
        view.entries += weight
        view.values[value] = view.values.get(value, 0.0) + weight
        view.version = self._version

    def _view(self, news: int = 0) -> LearnedOf:
        self._version += 1
        return LearnedOf(self._today, 1 / self._decay.weight(self._today), self._version, news)

    def _of_hospitals(self, drug: str, unit: str, profile: Profile, per_weight: float) -> list[tuple[Counts, float]]:
        """Counts with the share that each may have: a hospital beyond the cap counts for less."""
        real: list[tuple[Counts, float]] = []
        simulated: list[tuple[Counts, float]] = []
        hospitals = self._drugs[drug, unit].hospitals
        for hospital in nlargest(self._figures.hospitals_together, hospitals, self._entries_of):
            cells = [cell for cell in self._shelf.cells(Drug(hospital, drug, unit)) if profile in cell.profiles]
            entries = sum(cell.profiles[profile].entries for cell in cells) * per_weight
            share = min(1.0, self._figures.most_of_a_hospital / entries) if entries else 0.0
            for cell in cells:
                (simulated if cell.test else real).append((cell.profiles[profile], share))
        return real or simulated

    def _entries_of(self, hospital: str) -> float:
        return self._hospitals[hospital].entries

    def _welcome(self, drug: Drug) -> bool:
        """Whether a drug may still be added at its hospital."""
        if drug in self._shelf:
            return True
        known = self._hospitals.get(drug.hospital)
        return known is None or known.drugs < self._figures.drugs_of_a_hospital

    def _register(self, drug: Drug) -> None:
        if drug in self._shelf:
            return
        hospital = self._hospitals.setdefault(drug.hospital, _Hospital())
        hospital.drugs += 1
        everywhere = self._drugs.setdefault((drug.drug, drug.unit), _Everywhere())
        everywhere.hospitals[drug.hospital] = None
        self._sums[drug] = (hospital, everywhere)

    def _start(self, drug: Drug, partition: int, lesson: Lesson) -> Cell:
        self._register(drug)
        cell = Cell((-1, -1), lesson.at, lesson.test, {}, {})
        self._shelf.add(drug, partition, cell)
        return cell

    def _let_go(self, drug: Drug, cell: Cell) -> None:
        """A cell no longer counts."""
        self._recount(drug, cell, -1.0)
        for profile in cell.profiles:
            self._views.pop((drug, profile))
        self._sums[drug][1].news += max(1, round(cell.entries() / self._decay.weight(self._today)))

    def _recount(self, drug: Drug, cell: Cell, sign: float) -> None:
        hospital, _ = self._sums[drug]
        hospital.entries += sign * cell.entries()
        hospital.changes += 1
        _add(hospital.slips, cell.slips, sign)
        _add(hospital.taken_back, cell.taken_back, sign)

    def _forget(self) -> None:
        """Make room: whole drugs of hospitals, those taught longest ago first."""
        for drug, cells in self._shelf.forget_oldest():
            for cell in cells:
                self._let_go(drug, cell)
            hospital, everywhere = self._sums.pop(drug)
            hospital.drugs -= 1
            if not hospital.drugs:
                del self._hospitals[drug.hospital]
            del everywhere.hospitals[drug.hospital]
            if not everywhere.hospitals:
                del self._drugs[drug.drug, drug.unit]


def _add(total: dict[str, float], counts: dict[str, float], sign: float) -> None:
    for name, count in counts.items():
        total[name] = total.get(name, 0.0) + sign * count

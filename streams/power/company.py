"""What went with an episode: drugs running, location and care area, each with the time over which it was heard."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from streams.power.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.events import PowerEvent

MOST = 16  # different combinations kept in one episode; a pump that names more is not believed
_LONGEST_MS = 2**32 - 1
_SPAN = Struct("<QIB")  # first · last after it · how many bytes follow
_WHAT = Struct("<HI")  # place · location
_DRUG = Struct("<H")

Place = tuple[str, str]  # hospital, care area


class Stretch(NamedTuple):
    """One combination of drugs and place, heard from `first` to `last` (ms since 1970).

    `what` holds the number of the place, a hash of the location (0 if not told) and the numbers of the drugs.
    """

    first: int
    last: int
    what: bytes

    @property
    def place(self) -> int:
        """The number of the place."""
        return int(_WHAT.unpack_from(self.what)[0])

    @property
    def location(self) -> int:
        """The hash of the location."""
        return int(_WHAT.unpack_from(self.what)[1])

    @property
    def drugs(self) -> list[int]:
        """The numbers of the drugs."""
        return [number for (number,) in _DRUG.iter_unpack(self.what[_WHAT.size :])]


class Told:
    """The names of the places, drugs and models that the pumps of a partition told of."""

    def __init__(self) -> None:
        self.places: Names[Place] = Names()
        self.drugs: Names[str] = Names()
        self.models: Names[str] = Names()

    def what(self, event: PowerEvent) -> bytes:
        """Where the pump is and what it infuses."""
        # The location's name itself is never told again, only whether it is the same; 32 bits do for one episode.
        location = 0 if event.location is None else hash(event.location) & _LONGEST_MS or 1
        what = _WHAT.pack(self.places.number((event.hospital, event.care_area)), location)
        for drug in event.drugs or ():
            what += _DRUG.pack(self.drugs.number(drug))
        return what


def what_was(place: int, location: int, drugs: Iterable[int]) -> bytes:
    """The same from its parts."""
    return _WHAT.pack(place, location) + b"".join(_DRUG.pack(drug) for drug in drugs)


class Company:
    """The combinations heard while a pump infused on battery, as bytes; in nearly every episode it is one."""

    __slots__ = ("packed",)

    def __init__(self, packed: bytes = b"") -> None:
        self.packed = packed

    @classmethod
    def of(cls, stretches: Iterable[Stretch]) -> Company:
        """The company of these stretches."""
        return cls(b"".join(_packed(stretch) for stretch in stretches))

    def hear(self, what: bytes, at: int) -> None:
        """Note where the pump was at `at` (ms) and what it infused."""
        packed = self.packed
        if len(packed) - _SPAN.size == len(what) and packed.endswith(what):
            first, lasted, size = _SPAN.unpack_from(packed)
            if 0 <= at - first <= lasted:
                return
            if 0 <= at - first <= _LONGEST_MS:
                self.packed = _SPAN.pack(first, at - first, size) + what
                return
        stretches = self._stretches()
        for number, known in enumerate(stretches):
            if known.what == what:
                stretches[number] = known._replace(first=min(known.first, at), last=max(known.last, at))
                break
        else:
            if len(stretches) >= MOST:
                return
            stretches.append(Stretch(at, at, what))
        self.packed = b"".join(_packed(stretch) for stretch in stretches)

    def drugs(self, start: int, end: int, names: Names[str]) -> list[str]:
        """The drugs that ran between two times, in alphabetical order."""
        return sorted({names[drug] for stretch in self._within(start, end) for drug in stretch.drugs})

    def moved(self, start: int, end: int) -> bool:
        """Whether the pump named more than one care area or location between two times."""
        within = self._within(start, end)
        if len(within) < 2:
            return False
        areas = {stretch.place for stretch in within}
        locations = {stretch.location for stretch in within if stretch.location}
        return len(areas) > 1 or len(locations) > 1

    def since(self, start: int) -> Company:
        """What was still heard from `start` on, for the episode that begins there."""
        return Company.of(
            known._replace(first=max(known.first, start)) for known in self._stretches() if known.last >= start
        )

    def _within(self, start: int, end: int) -> list[Stretch]:
        return [stretch for stretch in self._stretches() if stretch.first <= end and stretch.last >= start]

    def _stretches(self) -> list[Stretch]:
        packed, place, stretches = self.packed, 0, []
        while place < len(packed):
            first, lasted, size = _SPAN.unpack_from(packed, place)
            place += _SPAN.size
            stretches.append(Stretch(first, first + lasted, packed[place : place + size]))
            place += size
        return stretches


def _packed(stretch: Stretch) -> bytes:
    lasted = min(stretch.last - stretch.first, _LONGEST_MS)
    return _SPAN.pack(stretch.first, lasted, len(stretch.what)) + stretch.what

"""One hour of one drug in one care area: the sums and the fence that keeps a record from counting twice."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from schemas.codec import from_ms, ms
from schemas.events import Case, DoseScore, PowerEpisode, Rollup
from schemas.topics import KEYSTROKES, POWER

if TYPE_CHECKING:
    from typing import Self

    from schemas.events import Slip

HOUR_MS = 3_600_000
NO_DRUG = "-"  # power sums are about the pump, not about a drug
_BEFORE_ALL = (-1, -1)


class Place(NamedTuple):
    """What a cell is about; `hour` counts hours since 1970."""

    hospital: str
    care_area: str
    drug: str
    hour: int


def rollup_key(rollup: Rollup) -> str:
    """The record key of a rollup: hospital/care area/drug/hour/source partition.

    A slash inside a name is escaped, so that two places never share a key and compact each other away.
    """
    names = (escaped(name) for name in (rollup.hospital, rollup.care_area, rollup.drug))
    return f"{'/'.join(names)}/{rollup.hour:%Y-%m-%dT%HZ}/{rollup.partition}"


# The sums of a cell, named as in the event; docs/definitions.md says what each one counts.
COUNTS = (
    "entries",
    "confirmed",
    "overridden",
    "cancelled",
    "soft_warnings",
    "hard_warnings",
    "suspect",
    "error",
    "corrected",
    "stood",
    "given_up",
    "caught",
    "caught_minutes",
    "episodes",
    "unplugged_minutes",
    "deep_discharges",
    "low_alarms",
    "avoidable_low_alarms",
)

# Its sums by a word: a slip, a grade of harm, a cause, or a row or a limit of the drug library.
COUNTS_BY_WORD = (
    "slips",
    "harm",
    "avoided_harm",
    "caught_slips",
    "corrected_slips",
    "stood_slips",
    "entered",
    "warned",
    "overrides",
    "flagged_overrides",
    "causes",
)
MOST_WORDS = 64  # of each: a drug has a handful of units and overridden values in an hour; a pump gone mad has no end
OTHER = "other"
NO_LIMIT = "unknown"  # the pump took the entry for an override and did not say of what
MOST_CASES = 16

DEEP_BELOW_PCT = 20  # a gauge below this is a deep discharge: judgement; cycles to 80 % depth cost most of a life


class Cell:
    """The running sums of one place.

    A position is (offset, index) of the record that a score or an episode comes from.
    """

    __slots__ = (*COUNTS, "at", "cases", "keystrokes", "place", "power", "test", "words")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.at = datetime.fromtimestamp(0, UTC)
        self.keystrokes = _BEFORE_ALL
        self.power = _BEFORE_ALL
        self.entries = self.confirmed = self.overridden = self.cancelled = 0
        self.soft_warnings = self.hard_warnings = self.suspect = self.error = 0
        self.corrected = self.stood = self.given_up = self.caught = self.episodes = 0
        self.caught_minutes = self.unplugged_minutes = 0.0
        self.deep_discharges = self.low_alarms = self.avoidable_low_alarms = 0
        self.words: dict[str, dict[str, int]] = {}  # by name of the sum; a quiet hour has few of them
        self.cases: list[Case] = []
        self.test = False

    def add_score(self, score: DoseScore, position: tuple[int, int]) -> bool:
        """Count a score; False if its position was already counted."""
        if position <= self.keystrokes:
            return False
        self.keystrokes = position
        self._touch(score)
        flagged = score.verdict != "ok"
        if score.revision > 1:
            # Only the outcome is news: the entry itself was counted with revision 1.
            if flagged:
                self._add_outcome(score)
            return True
        self.entries += 1
        self.confirmed += score.action == "confirm"
        self.overridden += score.action == "override"
        self.cancelled += score.action == "cancel"
        self.soft_warnings += score.warned in {"soft_low", "soft_high"}
        self.hard_warnings += score.warned in {"hard_low", "hard_high"}
        self._count("entered", f"{score.field} {score.unit}")
        if score.warned is not None:
            self._count("warned", f"{score.field} {score.warned} {score.unit}")
        if score.action == "override":
            self._add_override(score, flagged=flagged)
        if flagged:
            self.given_up += score.action == "cancel"
            self.suspect += score.verdict == "suspect"
            self.error += score.verdict == "error"
            self._count("harm", score.harm)
            slip = _likeliest_slip(score)
            if slip is not None:
                self._count("slips", slip)
        return True

    def add_episode(self, episode: PowerEpisode, position: tuple[int, int]) -> bool:
        """Count a closed episode; False if its position was already counted."""
        if position <= self.power:
            return False
        self.power = position
        self._touch(episode)
        self.episodes += 1
        # Rounding keeps sums of thousandths of a minute free of binary dust.
        self.unplugged_minutes = round(self.unplugged_minutes + episode.minutes, 6)
        self._count("causes", episode.cause)
        self.deep_discharges += episode.depleted or episode.charge_min < DEEP_BELOW_PCT
        self.low_alarms += episode.low_alarm
        self.avoidable_low_alarms += episode.low_alarm and episode.cause == "practice"
        return True

    @property
    def counted(self) -> int:
        """How many scores and episodes are in it; this only grows."""
        return self.entries + self.corrected + self.stood + self.episodes

    def rollup(self, partition: int) -> Rollup:
        """The sums as an event; the same sums always give the same id."""
        positions = {KEYSTROKES: self.keystrokes, POWER: self.power}
        hospital, care_area, drug, hour = self.place
        digest = sha256(f"{hospital}\0{care_area}\0{drug}\0{hour}\0{partition}".encode()).hexdigest()[:16]
        steps = "-".join(f"{offset + 1}.{index + 1}" for offset, index in positions.values())
        words: dict[str, Any] = {name: dict(counts) for name, counts in self.words.items()}
        return Rollup(
            id=f"{digest}/{steps}",
            hospital=hospital,
            care_area=care_area,
            at=self.at,
            drug=drug,
            hour=from_ms(hour * HOUR_MS),
            partition=partition,
            through={topic: position for topic, position in positions.items() if position != _BEFORE_ALL},
            **{name: getattr(self, name) for name in COUNTS},
            **words,
            cases=list(self.cases),
            test=self.test,
        )

    @classmethod
    def from_rollup(cls, rollup: Rollup) -> Self:
        """The cell that published `rollup`, ready to go on."""
        cell = cls(Place(rollup.hospital, rollup.care_area, rollup.drug, ms(rollup.hour) // HOUR_MS))
        cell.at = rollup.at
        cell.keystrokes = rollup.through.get(KEYSTROKES, _BEFORE_ALL)
        cell.power = rollup.through.get(POWER, _BEFORE_ALL)
        for name in (*COUNTS, "test"):
            setattr(cell, name, getattr(rollup, name))
        cell.words = {name: dict(counts) for name in COUNTS_BY_WORD if (counts := getattr(rollup, name))}
        cell.cases = list(rollup.cases)
        return cell

    def _add_outcome(self, score: DoseScore) -> None:
        self.corrected += score.resolution == "corrected"
        self.stood += score.resolution == "stood"
        slip = _likeliest_slip(score)
        if slip is not None and score.resolution in _ENDED:
            self._count(_ENDED[score.resolution], slip)
        if score.caught:
            self.caught += 1
            self._count("avoided_harm", score.harm)
            if slip is not None:
                self._count("caught_slips", slip)
            minutes = round((score.resolved_after_s or 0.0) / 60, 4)
            self.caught_minutes = round(self.caught_minutes + minutes, 4)
            if score.harm == "life_threatening" and score.corrected_to is not None and len(self.cases) < MOST_CASES:
                self.cases.append(_case(score, score.corrected_to, slip, minutes))

    def _add_override(self, score: DoseScore, *, flagged: bool) -> None:
        word = f"{score.field} {score.warned or NO_LIMIT} {score.typed:.10g} {score.unit}"
        self._count("overrides", word)
        if flagged:
            self._count("flagged_overrides", word)

    def _count(self, name: str, word: str) -> None:
        counts = self.words.get(name)
        if counts is None:
            counts = self.words[name] = {}
        if word not in counts and len(counts) >= MOST_WORDS:
            word = OTHER
        counts[word] = counts.get(word, 0) + 1

    def _touch(self, event: DoseScore | PowerEpisode) -> None:
        self.at = max(self.at, event.at)
        self.test = self.test or event.test


_ENDED = {"corrected": "corrected_slips", "stood": "stood_slips"}


def _likeliest_slip(score: DoseScore) -> Slip | None:
    return next((meant.slip for meant in score.meant if meant.slip is not None), None)


def _case(score: DoseScore, meant: float, slip: Slip | None, minutes: float) -> Case:
    return Case(
        field=score.field,
        unit=score.unit,
        typed=score.typed,
        meant=meant,
        slip=slip,
        minutes=minutes,
        action=score.action,
        warned=score.warned,
    )


def escaped(name: str) -> str:
    """The name without slashes, to be joined with others by slashes."""
    return name.replace("%", "%25").replace("/", "%2F")

"""The verdict on one committed dose entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.events import DoseScore
from streams.intent import evidence
from streams.intent import priors as shipped
from streams.intent.channel import Channel
from streams.intent.display import type_keys
from streams.intent.expected import NOTHING_EXPECTED, Expected
from streams.intent.harm import harm
from streams.intent.keypad import Layout, layout, written
from streams.intent.mistaken import ProgrammeSlips
from streams.intent.posterior import posterior
from streams.intent.presses import as_pressed, press_counts
from streams.intent.prior import Context, Prior
from streams.intent.priors import after
from streams.intent.taken_back import TakenBack, again, taken_back
from streams.intent.taught import Taught
from streams.intent.teacher import TAUGHT_FIELDS
from streams.intent.timing import Interval, factors, intervals

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.events import Harm, Limit, Meant, Verdict
    from schemas.library import Library
    from streams.intent.course import Values
    from streams.intent.entries import DoseEntry
    from streams.intent.learned import Learned
    from streams.intent.outcome import Recent
    from streams.intent.parameters import Parameters
    from streams.intent.priors import Priors
    from streams.intent.programme import Programme

LONGEST_TEXT = 12
"""No pump shows more characters; longer ones, all zeros in front, are judged by their value alone."""


class Judged(NamedTuple):
    """What is the same for every entry of the same text in the same context."""

    error_likelihood: float
    material_likelihood: float
    meant: tuple[Meant, ...]
    verdict: Verdict
    harm: Harm
    limit: Limit | None
    evidence: tuple[str, ...]


class DoseScorer:
    """Scores entries. Pure: what it keeps are caches of fixed size, so any number of partitions may share one.

    `libraries` gives the library in force at a hospital. A changed library has to be a new `Library`, as caches go
    by its identity; the caches hold on to a replaced one until newer entries have pushed it out. Scorers with the same
    parameters may share a `channel`, which is most of what is cached.
    """

    def __init__(
        self,
        parameters: Parameters,
        libraries: Callable[[str], Library],
        priors: Priors | None = None,
        learned: Learned | None = None,
        channel: Channel | None = None,
    ) -> None:
        self.parameters = parameters
        self.model_version = parameters.version
        self._libraries = libraries
        priors = priors or shipped.load()
        self._channel = channel or Channel(parameters)
        self._context = Prior(parameters, priors).context
        self._taught = None if learned is None else Taught(parameters, learned)
        self._mistaken = ProgrammeSlips(parameters)

    def score(
        self,
        entry: DoseEntry,
        recent: Recent | None = None,
        programme: Programme | None = None,
        course: Values = (),
    ) -> DoseScore:
        """Score one entry.

        `recent` is the entry just before it on the same channel and field if it is fresh, `programme` what the channel
        was told in other fields, `course` what was entered in this one before, the latest last.
        """
        event, commit, keys = entry.event, entry.commit, entry.keys
        value = commit.value
        library = self._libraries(event.hospital)
        context = self._context(library, event.drug, event.care_area, event.field, event.unit)
        if self._taught is not None and event.field in TAUGHT_FIELDS:
            context = self._taught.context(context, event.hospital)
        keypad = layout(event.model)
        typed = type_keys(keypad, keys, event.previous, entry.holds)
        found: tuple[Interval, ...] = ()
        taken: TakenBack = None
        expected = self._expected(recent, course) if recent is not None or course else NOTHING_EXPECTED
        if typed is not None and typed.value == value and len(typed.pressed) <= LONGEST_TEXT:
            found = intervals(keypad, typed)
            if typed.corrections:
                taken = taken_back(keypad, keys, typed, self.parameters)
            # A second point is ignored by every pump and changes nothing.
            text = typed.pressed if typed.pressed.count(".") < 2 else typed.text
            judged = self._judged(
                context, keypad, text, value, True, event.previous, found, taken,
                expected, programme,
            )  # fmt: skip
        else:
            judged = self._judged(
                context, keypad, written(value), value, False, event.previous, found, None,
                expected, programme,
            )  # fmt: skip
        said = evidence.of_keys(typed, keypad, value, pressed_any=bool(keys))
        if found and typed is not None and judged.verdict != "ok":
            said += evidence.of_intervals(typed, found, self.parameters.timing.worth_naming_ms)
        if judged.evidence:
            said += judged.evidence
        counts = press_counts(keys)
        return DoseScore(
            id=f"{event.pump}/{event.entry}/1",
            hospital=event.hospital,
            care_area=event.care_area,
            pump=event.pump,
            at=entry.at,
            entry=event.entry,
            revision=1,
            channel=event.channel,
            field=event.field,
            drug=event.drug,
            unit=event.unit,
            typed=value,
            previous=event.previous,
            action=commit.action,
            warned=commit.warned,
            limit=judged.limit,
            error_likelihood=judged.error_likelihood,
            material_likelihood=judged.material_likelihood,
            meant=list(judged.meant),
            harm=judged.harm,
            verdict=judged.verdict,
            resolution="cancelled" if commit.action == "cancel" else "open",
            resolved_after_s=None,
            evidence=said,
            model_version=self.model_version,
            library_version=library.version,
            presses=counts.presses,
            bounces=counts.bounces,
            bounced=list(counts.bounced),
            taken_back=None if taken == "something" else taken,
            model=event.model,
            keys=[] if judged.verdict == "ok" else as_pressed(keys, entry.holds),
            test=event.test,
        )

    def _expected(self, recent: Recent | None, course: Values) -> Expected:
        """What entries before say of this one; what a doubtful one was doubted for is often put right."""
        named = 0.0 if recent is None else sum([one.probability for one in recent.meant])
        if recent is None or not named:
            return Expected(course)
        share = self.parameters.prior.correction * recent.error_likelihood
        return Expected(course, tuple((one.value, share * one.probability / named) for one in recent.meant))

    def _judged(
        self,
        context: Context,
        keypad: Layout,
        text: str,
        value: float,
        exact: bool,  # noqa: FBT001
        previous: float | None,
        found: tuple[Interval, ...],
        taken: TakenBack,
        expected: Expected,
        programme: Programme | None,
    ) -> Judged:
        parameters = self.parameters
        ways = self._channel.alternatives(
            keypad, text, value, exact, context.field == "weight", context.digits[after(previous)]
        )
        base_rate = min(parameters.base_rate * (parameters.after_correction if taken else 1.0), 0.5)
        timed = factors(ways, found, parameters.timing) if found else []
        if taken is not None:
            timed += again(ways.slips, taken, parameters)
        mistaken = self._mistaken.of(context, value, previous, programme, snaps=keypad.snaps)
        likelihood, material, meant = posterior(
            context, ways, mistaken, value, previous, expected, timed, base_rate, parameters,
            lambda: self._mistaken.named(context, value, previous, expected.course, mistaken),
        )  # fmt: skip
        row = context.row
        limit = None if row is None else context.library.limit(row, value)
        said = [] if limit is None else [evidence.of_limit(context, limit)]
        if material < parameters.verdict.suspect:
            return Judged(likelihood, material, meant, "ok", "none", limit, tuple(said))
        said = evidence.of_value(context, value, previous, meant, expected, programme) + said
        said += evidence.of_correction(taken)
        verdict: Verdict = "error" if material >= parameters.verdict.error else "suspect"
        grade: Harm = "none"
        if meant:
            grade = harm(value, meant[0].value, context.field, parameters.harm, high_alert=context.high_alert)
        return Judged(likelihood, material, meant, verdict, grade, limit, tuple(said))

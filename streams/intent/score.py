"""The verdict on one committed dose entry."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from schemas.events import DoseScore
from streams.intent import evidence
from streams.intent import priors as shipped
from streams.intent.channel import Channel
from streams.intent.harm import harm
from streams.intent.keypad import Layout, layout, type_keys, written
from streams.intent.posterior import NOTHING_EXPECTED, Expected, posterior
from streams.intent.prior import Context, Prior
from streams.intent.priors import after
from streams.intent.timing import Interval, factors, intervals

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.events import Harm, Limit, Meant, Verdict
    from schemas.library import Library
    from streams.intent.entries import DoseEntry
    from streams.intent.outcome import Recent
    from streams.intent.parameters import Parameters
    from streams.intent.priors import Priors

KEPT_JUDGEMENTS = 16384
LONGEST_TEXT = 12
"""No pump shows more characters; longer ones, all zeros in front, are judged by their value alone."""


class Judged(NamedTuple):
    """What is the same for every entry of the same text in the same context."""

    error_likelihood: float
    meant: tuple[Meant, ...]
    verdict: Verdict
    harm: Harm
    limit: Limit | None
    evidence: tuple[str, ...]


class DoseScorer:
    """Scores entries. Pure: what it keeps are caches of fixed size, so any number of partitions may share one.

    `libraries` gives the library in force at a hospital. A changed library has to be a new `Library`, as caches go
    by its identity; the caches hold on to a replaced one until newer entries have pushed it out.
    """

    def __init__(
        self, parameters: Parameters, libraries: Callable[[str], Library], priors: Priors | None = None
    ) -> None:
        self.parameters = parameters
        self.model_version = parameters.version
        self._libraries = libraries
        priors = priors or shipped.load()
        self._channel = Channel(parameters)
        self._context = Prior(parameters, priors).context
        self._judge = lru_cache(KEPT_JUDGEMENTS)(self._judged)

    def score(self, entry: DoseEntry, recent: Recent | None = None) -> DoseScore:
        """Score one entry; `recent` is the entry just before it on the same channel and field, if any."""
        event, commit, keys, at = entry
        value = commit.value
        library = self._libraries(event.hospital)
        context = self._context(library, event.drug, event.care_area, event.field, event.unit)
        keypad = layout(event.model)
        typed = type_keys(keypad, keys, event.previous)
        found: tuple[Interval, ...] = ()
        if typed is not None and typed.value == value and len(typed.pressed) <= LONGEST_TEXT:
            found = intervals(keypad, typed)
            judged = self._judge(
                context, keypad, typed.pressed, value, True, event.previous, found, typed.corrections > 0,
                NOTHING_EXPECTED if recent is None else self._expected(recent),
            )  # fmt: skip
        else:
            judged = self._judge(
                context, keypad, written(value), value, False, event.previous, found, False,
                NOTHING_EXPECTED if recent is None else self._expected(recent),
            )  # fmt: skip
        said = evidence.of_keys(typed, keypad, value, pressed_any=bool(keys))
        if found and typed is not None and judged.verdict != "ok":
            said += evidence.of_intervals(typed, found, self.parameters.timing.worth_naming_ms)
        if judged.evidence:
            said += judged.evidence
        return DoseScore(
            id=f"{event.pump}/{event.entry}/1",
            hospital=event.hospital,
            care_area=event.care_area,
            pump=event.pump,
            at=at,
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
            meant=list(judged.meant),
            harm=judged.harm,
            verdict=judged.verdict,
            resolution="cancelled" if commit.action == "cancel" else "open",
            resolved_after_s=None,
            evidence=said,
            model_version=self.model_version,
            library_version=library.version,
            test=event.test,
        )

    def _expected(self, recent: Recent) -> Expected:
        """What the entry before says of this one: a flagged one is often put right, any may be taken back."""
        named = sum(one.probability for one in recent.meant)
        if not named:
            return Expected(recent.previous or None)
        share = self.parameters.prior.correction * recent.error_likelihood
        meant = tuple((one.value, share * one.probability / named) for one in recent.meant)
        return Expected(recent.previous or None, meant)

    def _judged(
        self,
        context: Context,
        keypad: Layout,
        text: str,
        value: float,
        exact: bool,  # noqa: FBT001 - positional, so that the cache's key is cheap
        previous: float | None,
        found: tuple[Interval, ...],
        corrected: bool,  # noqa: FBT001
        expected: Expected,
    ) -> Judged:
        parameters = self.parameters
        ways = self._channel.alternatives(
            keypad, text, value, exact, context.field == "weight", context.digits[after(previous)]
        )
        base_rate = min(parameters.base_rate * (parameters.after_correction if corrected else 1.0), 0.5)
        timed = factors(ways, found, parameters.timing) if found else ()
        likelihood, meant, _ = posterior(context, ways, value, previous, expected, timed, base_rate, parameters)
        row = context.row
        limit = None if row is None else context.library.limit(row, value)
        said = [] if limit is None else [evidence.of_limit(context, limit)]
        if likelihood < parameters.verdict.suspect:
            return Judged(likelihood, meant, "ok", "none", limit, tuple(said))
        said = evidence.of_value(context, value, previous, meant, expected) + said
        verdict: Verdict = "error" if likelihood >= parameters.verdict.error else "suspect"
        grade: Harm = "none"
        if meant:
            grade = harm(value, meant[0].value, context.field, parameters.harm, high_alert=context.high_alert)
        return Judged(likelihood, meant, verdict, grade, limit, tuple(said))

"""A report: what was found of a hospital in a period, as sections of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.practice import DAY_BEGINS, DAY_ENDS
from services.readmodel.rollups import RollupSums, total
from services.reports.entries import (
    counted_tables,
    harm_table,
    precision_table,
    share_of_warnings,
    slip_table,
    span_table,
)
from services.reports.intervals import wilson
from services.reports.lessons import load_lessons
from services.reports.limits import limit_tables
from services.reports.period import of_drugs
from services.reports.plugs import plug_tables
from services.reports.stories import story_table
from services.reports.table import Interval, Table, printed
from services.reports.training_tables import training_tables
from services.reports.trends import trend_table, trends
from services.reports.workshop import in_period, workshop_tables, worn_battery

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from schemas.events import Alert
    from schemas.library import Library
    from services.reports.period import Found, Period


_NOTES = """\
All figures are from hourly sums. An outcome counts in the hour of its entry.
None of the figures is proof of harm, or of harm prevented. Pumpwatch is not a medical device, and no figure of it \
replaces a look at the record.
There is no sensitivity here: errors that nobody flagged and nobody mended leave no trace.
Intervals are 95% unless it says otherwise: Wilson's for shares, Newcombe's for differences of shares, the score \
interval for ratios of rates.
""".splitlines()


class Tile(NamedTuple):
    """One figure at the top, with what it is of."""

    title: str
    figure: str
    of: str


class Section(NamedTuple):
    """Tables about one thing, and a sentence on what they answer."""

    name: str
    title: str
    lead: str
    tables: list[Table]

    @property
    def defined(self) -> list[str]:
        """The definitions that its tables need, each once."""
        return list(dict.fromkeys(name for table in self.tables for name in table.defined))


class Report(NamedTuple):
    """Everything that is printed. `heard` counts the days of which anything is known."""

    hospital: str
    period: Period
    made_at: datetime
    heard: int
    test: bool
    tiles: list[Tile]
    sections: list[Section]
    notes: list[str]

    @property
    def tables(self) -> list[Table]:
        """All tables in their order."""
        return [table for section in self.sections for table in section.tables]


def build(
    hospital: str,
    period: Period,
    now: Found,
    before: Found,
    faults: Sequence[Alert] | None,
    library: Library,
    made_at: datetime,
    peers: Sequence[Table] = (),
) -> Report:
    """The report of a hospital from its sums, those of the period before, and the alerts on its pumps, if known.

    `peers` are the tables that set it beside other hospitals, if it takes part.
    """
    sums = total(cell.sums for cell in of_drugs(now.cells))
    batteries = [alert for alert in in_period(faults or (), period) if worn_battery(alert) is not None]
    found = trends(now.cells, before.cells)
    life_threatening = sums.avoided_harm.get("life_threatening", 0)
    sections = [
        Section(
            "trends",
            "What changed",
            f"This period beside {before_words(period)}.",
            [trend_table(found, heard_before=bool(before.heard))],
        ),
        Section(
            "harm",
            "Harm avoided",
            "Errors that were made, named by Pumpwatch, and put right within 30 minutes.",
            [harm_table(now.cells), story_table(now.cases, life_threatening)],
        ),
        Section(
            "entries",
            "Entries, warnings and overrides",
            "What was entered, what the pumps warned of, and what was confirmed all the same.",
            [*counted_tables(now.cells), span_table(now.cells, by_month=period.by_month)],
        ),
        Section(
            "slips",
            "Slips, and how sure Pumpwatch is of them",
            "Which slips explain the flagged entries, what became of them, and how often the named value was meant.",
            [slip_table(now.cells), precision_table(now.cells)],
        ),
        Section(
            "library",
            "The drug library",
            f"Limits of the library {library.version} beside what was entered.",
            limit_tables(now.cells, library),
        ),
        Section(
            "plugs",
            "Plugging in",
            "Pumps that infused on battery: by habit, for a reason, or because the battery is worn.",
            plug_tables(now.cells, batteries),
        ),
        Section(
            "training",
            "Training needs",
            "Which unit needs which lesson, by the harm that it would avoid; each beside the hospital's other units.",
            training_tables(now.cells, max(len(now.heard), 1), load_lessons(), library.profile),
        ),
        Section(
            "workshop",
            "For the workshop",
            "Serial numbers whose keypad or battery should be looked at.",
            workshop_tables(faults, period),
        ),
    ]
    if peers:
        lead = "Where this hospital stands among others of its size and kind, with its own mix of care areas."
        sections.append(Section("peers", "Beside other hospitals", lead, list(peers)))
    test = now.test or before.test
    notes = _notes(period, len(now.heard), test=test)
    return Report(hospital, period, made_at, len(now.heard), test, _tiles(now, sums), sections, notes)


def before_words(period: Period) -> str:
    """The period before in words."""
    before = period.before
    return f"{before.first} to {before.last}, {before.length} days"


def _tiles(now: Found, sums: RollupSums) -> list[Tile]:
    warned = sums.soft_warnings + sums.hard_warnings
    power = total(cell.sums for cell in now.cells)
    minutes = power.infusing_minutes
    hours = f"{minutes / 60:,.0f} h of infusing"
    share = power.battery_minutes / minutes if minutes else None
    return [
        Tile("Entries", f"{sums.entries:,}", "committed at the pumps"),
        Tile("Flagged", f"{sums.flagged:,}", f"of {sums.entries:,} entries"),
        Tile("Near misses", f"{sums.caught:,}", f"of {sums.flagged:,} flagged entries"),
        Tile(
            "Life-threatening",
            f"{sums.avoided_harm.get('life_threatening', 0):,}",
            f"of {sums.caught:,} near misses, by the grade to be expected",
        ),
        _share("Precision", wilson(sums.caught, sums.decided), f"of {sums.decided:,} decided"),
        _share("Override rate", share_of_warnings(sums.overridden, warned), f"of {warned:,} warnings"),
        Tile("On battery", printed(share, "share"), f"of {hours}"),
    ]


def _share(title: str, found: Interval | None, of: str) -> Tile:
    if found is None:
        return Tile(title, printed(None, "share"), of)
    return Tile(title, printed(found.value, "share"), f"{found.low:.1%} to {found.high:.1%}, {of}")


def _notes(period: Period, heard: int, *, test: bool) -> list[str]:
    shifts = f"the day shift begins at {DAY_BEGINS}:00 and ends at {DAY_ENDS}:00"
    notes = [
        f"Days and shifts go by the clock of {period.zone.key}; {shifts}.",
        f"Something was heard on {heard} of {period.length} days.",
        *_NOTES,
    ]
    if test:
        notes.insert(0, "Some or all of what is counted is simulated or replayed: these are not figures of patients.")
    return notes

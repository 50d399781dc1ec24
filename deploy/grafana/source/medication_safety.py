"""What a nurse educator or a pharmacist asks: which entries were flagged, what became of them, whose limits hold."""

from __future__ import annotations

from deploy.grafana.source.frame import Page, Section
from deploy.grafana.source.palette import (
    BAD,
    BLUE,
    BLUISH_GREEN,
    ORANGE,
    REDDISH_PURPLE,
    SKY_BLUE,
    VERMILLION,
    WATCH,
)
from deploy.grafana.source.panels import SHARE, by_label, number, over_time, row_link
from deploy.grafana.source.queries import LEAST_FOR_A_LINE, Query, difference, share, total

ENTRIES = "pumpwatch_rollup_entries"
FLAGGED = ("pumpwatch_rollup_error_entries", "pumpwatch_rollup_suspect_entries")
WARNINGS = ("pumpwatch_rollup_soft_warning_entries", "pumpwatch_rollup_hard_warning_entries")
DECIDED = ("pumpwatch_rollup_corrected_entries", "pumpwatch_rollup_stood_entries")
CAUGHT = "pumpwatch_rollup_caught_entries"
OVERRIDDEN = "pumpwatch_rollup_overridden_entries"

_ROLLING = "Each point is the sum over the chosen window that ends there."
_NO_LINE = f"A line is drawn only where the denominator is at least {LEAST_FOR_A_LINE}."
_INTERVAL = "Hospitals and drugs differ only where their intervals do not overlap."


def _of_drug(figure: str) -> str:
    return total(f"pumpwatch_rollup_drug_{figure}", by="drug")


_now = (
    number(
        "Open alerts of dose entries",
        "Alerts that say an entry was probably wrong and that nobody has resolved.",
        Query("Critical", total("pumpwatch_alerts_open", kind="dose_entry_error", severity="critical")),
        Query("Warning", total("pumpwatch_alerts_open", kind="dose_entry_error", severity="warning")),
        Query("Info", total("pumpwatch_alerts_open", kind="dose_entry_error", severity="info")),
        none="no hospital is heard",
    ),
    number("Dose entries", "All entries of the window, flagged or not.", Query("Entries", total(ENTRIES))),
    number(
        "Flagged entries",
        "Entries with the verdict suspect or error, all entries of the window, and the share.",
        Query("Flagged", total(*FLAGGED)),
        Query("Of entries", total(ENTRIES)),
        Query("Share", share(total(*FLAGGED), total(ENTRIES)), SHARE),
    ),
    number(
        "Confirmed catches",
        "Flagged entries that the nurse corrected to a value that the score had named. Most nurses would have seen "
        "them anyway: a catch does not prove that Pumpwatch was the reason.",
        Query("Catches", total(CAUGHT)),
    ),
    number(
        "Precision",
        "Confirmed catches among the flagged entries that were decided, corrected or left to stand. Read it with the "
        "number of decided ones beside it: of ten, one more or less moves it by ten points.",
        Query("Precision", share(total(CAUGHT), total(*DECIDED)), SHARE),
        Query("Decided", total(*DECIDED)),
        none="none decided yet",
    ),
    number(
        "Override rate",
        "Warnings of the pump that were confirmed, among all its warnings, with their number beside it. It is about "
        "the drug library's limits, not about Pumpwatch.",
        Query("Overridden", share(total(OVERRIDDEN), total(*WARNINGS)), SHARE),
        Query("Warnings", total(*WARNINGS)),
        none="no warnings",
    ),
)

_outcomes = over_time(
    "What became of flagged entries",
    f"Each flagged entry is in one of the five. {_ROLLING}",
    Query("Confirmed catch", total(CAUGHT)),
    Query("Corrected otherwise", difference("pumpwatch_rollup_corrected_entries", CAUGHT)),
    Query("Left to stand (false alarm)", total("pumpwatch_rollup_stood_entries")),
    Query("Cancelled at the pump", total("pumpwatch_rollup_given_up_entries")),
    Query("Undecided", total("pumpwatch_rollup_undecided_entries")),
    colours={
        "Confirmed catch": BLUISH_GREEN,
        "Corrected otherwise": SKY_BLUE,
        "Left to stand (false alarm)": ORANGE,
        "Cancelled at the pump": BLUE,
        "Undecided": REDDISH_PURPLE,
    },
    stacked=True,
)
_precision = over_time(
    "Precision: 95 % interval by hospital",
    f"The ends of the interval of the precision; wide means that little was decided. {_INTERVAL} {_ROLLING}",
    Query("{{hospital}}, lower end", total("pumpwatch_rollup_precision_low_ratio", by="hospital")),
    Query("{{hospital}}, upper end", total("pumpwatch_rollup_precision_high_ratio", by="hospital")),
    unit=SHARE,
    none="none decided yet",
)
_harm = over_time(
    "Near misses by the harm to be expected",
    f"Confirmed catches by the grade that the typed value would have had. Expected is not proven. {_ROLLING}",
    Query("{{harm}}", total("pumpwatch_rollup_avoided_harm_entries", by="harm")),
    colours={
        "none": BLUISH_GREEN,
        "low": SKY_BLUE,
        "moderate": ORANGE,
        "high": VERMILLION,
        "life_threatening": REDDISH_PURPLE,
    },
    stacked=True,
)
_flag_rate = over_time(
    "Flagged share by hospital",
    f"Flagged entries of all entries. {_NO_LINE} {_ROLLING}",
    Query("{{hospital}}", share(total(*FLAGGED, by="hospital"), total(ENTRIES, by="hospital"), LEAST_FOR_A_LINE)),
    unit=SHARE,
    none=f"fewer than {LEAST_FOR_A_LINE} entries",
)
_drugs = by_label(
    "Drugs with the most flagged entries",
    "The ten of each hospital, the others together as `other`. Undecided ones are in no share. With few decided ones "
    "beside it, corrected and left to stand, a precision says little.",
    "drug",
    Query("Caught", _of_drug("caught_entries")),
    Query("Corrected", _of_drug("corrected_entries")),
    Query("Left to stand", _of_drug("stood_entries")),
    Query("Undecided", _of_drug("undecided_entries")),
    Query(
        "Precision",
        share(_of_drug("caught_entries"), f"{_of_drug('corrected_entries')} + {_of_drug('stood_entries')}"),
        SHARE,
    ),
    none="no entry was flagged",
)
_intervals = by_label(
    "Hospitals",
    f"Precision with its 95 % interval beside the number of decided entries, and the base of each share. {_INTERVAL}",
    "hospital",
    Query("Entries", total(ENTRIES, by="hospital")),
    Query("Flagged", total(*FLAGGED, by="hospital")),
    Query("Decided", total(*DECIDED, by="hospital")),
    Query("Precision", total("pumpwatch_rollup_precision_ratio", by="hospital"), SHARE),
    Query("Lower end", total("pumpwatch_rollup_precision_low_ratio", by="hospital"), SHARE),
    Query("Upper end", total("pumpwatch_rollup_precision_high_ratio", by="hospital"), SHARE),
    Query("Warnings", total(*WARNINGS, by="hospital")),
    Query("Overridden", share(total(OVERRIDDEN, by="hospital"), total(*WARNINGS, by="hospital")), SHARE),
    link=row_link("Fleet of this hospital", "pumpwatch-fleet", "hospital"),
)
_override_rate = over_time(
    "Override rate by hospital",
    f"Warnings that were confirmed, of all warnings of the pump. {_NO_LINE} {_ROLLING}",
    Query("{{hospital}}", share(total(OVERRIDDEN, by="hospital"), total(*WARNINGS, by="hospital"), LEAST_FOR_A_LINE)),
    unit=SHARE,
    none=f"fewer than {LEAST_FOR_A_LINE} warnings",
)
_warnings = over_time(
    "Warnings of the pump and answers to them",
    f"Warnings at a soft and at a hard limit, and what was confirmed or cancelled. {_ROLLING}",
    Query("Soft limit", total(WARNINGS[0])),
    Query("Hard limit", total(WARNINGS[1])),
    Query("Overridden", total(OVERRIDDEN)),
    Query("Cancelled", total("pumpwatch_rollup_cancelled_entries")),
    colours={"Soft limit": ORANGE, "Hard limit": VERMILLION, "Overridden": REDDISH_PURPLE, "Cancelled": SKY_BLUE},
)
_alerts = over_time(
    "Open alerts of dose entries over time",
    "How many stood open at each moment.",
    Query("{{severity}}", total("pumpwatch_alerts_open", by="severity", kind="dose_entry_error")),
    colours={"critical": BAD, "warning": WATCH, "info": SKY_BLUE},
    stacked=True,
)

PAGE = Page(
    uid="pumpwatch-safety",
    title="Medication safety",
    purpose="Which dose entries were flagged, what became of them, and how the pump's own limits are answered. "
    "None of the figures proves harm, or harm prevented; docs/definitions.md says what each one counts.",
    since="now-7d",
    refresh="1m",
    sections=(
        Section("In the window", (_now,)),
        Section("Flagged entries", ((_outcomes, _precision), (_drugs, _harm))),
        Section("Limits of the drug library", ((_override_rate, _warnings),)),
        Section("Hospitals", ((_intervals,), (_flag_rate, _alerts))),
    ),
    by_window=True,
)

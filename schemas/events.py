"""The events of the platform as typed structs.

What pumps and people send in is closed: an unknown field is refused, because a field nobody reads is usually a
misspelt one that somebody relies on. What Pumpwatch publishes is open: a subscriber ignores fields it does not know.

Units stand in the field names; times are RFC 3339 in UTC, event time on the pump.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(min_length=1, max_length=128)]
Id = Annotated[str, Meta(min_length=1, max_length=128)]
Reason = Annotated[str, Meta(min_length=1, max_length=200)]
At = Annotated[datetime, Meta(tz=True)]
Quantity = Annotated[float, Meta(ge=0, le=10_000_000)]
Amount = Annotated[float, Meta(ge=0, le=1_000_000_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Revision = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Milliseconds = Annotated[int, Meta(ge=0, le=86_400_000)]
Channel = Annotated[int, Meta(ge=1, le=64)]

Field = Literal["rate", "dose", "bolus", "vtbi", "duration", "weight", "concentration"]
KeyName = Literal[
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ".", "CLEAR", "BACK", "UP", "DOWN", "UP_FAST", "DOWN_FAST"
]
CommitAction = Literal["confirm", "override", "cancel"]
Limit = Literal["soft_low", "soft_high", "hard_low", "hard_high"]
Slip = Literal[
    "adjacent_key",
    "wrong_digit",
    "missing_digit",
    "extra_digit",
    "repeated_key",
    "key_bounce",
    "missing_decimal",
    "extra_decimal",
    "misplaced_decimal",
    "transposition",
    "wrong_unit",
    "wrong_field",
    "wrong_concentration",
    "stale_value",
    "overshoot",
]
Harm = Literal["none", "low", "moderate", "high", "life_threatening"]
Verdict = Literal["ok", "suspect", "error"]
Resolution = Literal["open", "corrected", "stood", "cancelled"]
PowerKind = Literal["heartbeat", "plugged", "unplugged", "low", "very_low", "depleted", "started", "stopped"]
Source = Literal["mains", "battery"]
Cause = Literal["practice", "transport", "loose_cord", "unit_power_failure", "battery_fault", "unknown"]
AlertKind = Literal[
    "dose_entry_error",
    "unplugged_infusion",
    "battery_empty_soon",
    "battery_degraded",
    "keypad_fault",
    "pump_silent",
    "override_cluster",
]
Severity = Literal["critical", "warning", "info"]
AlertState = Literal["firing", "acknowledged", "resolved"]
ActionKind = Literal["acknowledge", "resolve", "comment"]
AuditKind = Literal[
    "login",
    "login_refused",
    "logout",
    "token_refused",
    "alert_action",
    "maintenance",
    "account_changed",
    "accounts_read",
]


class KeyPress(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """One key: which, when in ms since the event's `at`, and how long it was held in ms if the pump knows."""

    k: KeyName
    t: Milliseconds
    hold: Milliseconds | None = None


class Commit(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """How an entry ended: the nurse's action, the value the pump took, and the limit it warned of."""

    action: CommitAction
    value: Quantity
    warned: Limit | None = None


class KeystrokeEvent(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One or more key presses of one dose entry: each key alone, in chunks, or the whole entry at once."""

    id: Id
    hospital: Name
    care_area: Name
    pump: Name
    at: At
    seq: Count
    model: Name
    channel: Channel
    entry: Id
    field: Field
    drug: Text
    unit: Name
    concentration: Quantity | None = None
    previous: Quantity | None = None
    keys: Annotated[list[KeyPress], Meta(max_length=256)]
    commit: Commit | None = None
    test: bool = False


class Meant(Struct, frozen=True):
    """One value that may have been meant, how probable it is, and the slip that turns it into what was typed."""

    value: Quantity
    probability: Share
    slip: Slip | None = None


class PressedKey(Struct, frozen=True, gc=False):
    """One key as it was pressed: `t` in ms since the entry's first key, held for `hold` ms if the pump knows."""

    k: KeyName
    t: Milliseconds
    hold: Milliseconds | None = None


class DoseScore(Struct, frozen=True, kw_only=True):
    """The verdict on one committed entry; a later correction publishes the next revision.

    `presses` counts the keys that were pressed, `bounces` those that came again faster than a finger can, and
    `bounced` names these keys, each once. `caught`: corrected to a value that the model had named.
    `material_likelihood` is the probability that a value was meant that differs enough to matter; the verdict goes by
    it. `taken_back` is the slip that BACK or CLEAR undid within the entry, as far as one explains it. `model` names the
    keypad; `keys` holds the last keys of an entry whose verdict is not ok, none where the pump sent none.
    """

    id: Id
    hospital: Name
    care_area: Name
    pump: Name
    at: At
    entry: Id
    revision: Revision
    channel: Channel
    field: Field
    drug: Text
    unit: Name
    typed: Quantity
    previous: Quantity | None
    action: CommitAction
    warned: Limit | None
    limit: Limit | None
    error_likelihood: Share
    meant: Annotated[list[Meant], Meta(max_length=3)]
    harm: Harm
    verdict: Verdict
    resolution: Resolution
    resolved_after_s: Quantity | None
    evidence: list[str]
    model_version: str
    library_version: str
    presses: Count = 0
    bounces: Count = 0
    bounced: list[KeyName] = []
    corrected_to: Quantity | None = None
    caught: bool = False
    material_likelihood: Share | None = None
    taken_back: Slip | None = None
    model: Name | None = None
    keys: Annotated[list[PressedKey], Meta(max_length=256)] = []
    test: bool = False


class PowerEvent(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """What a pump says of its power: a heartbeat or a change."""

    id: Id
    hospital: Name
    care_area: Name
    pump: Name
    at: At
    seq: Count
    model: Name
    kind: PowerKind
    source: Source
    charge_pct: Percent
    charging: bool
    infusing: bool
    rate_ml_h: Quantity
    channels_running: Annotated[int, Meta(ge=0, le=64)]
    minutes_left: Quantity | None = None
    full_capacity_mah: Quantity | None = None
    design_capacity_mah: Quantity | None = None
    cycles: Count | None = None
    location: Text | None = None
    drugs: Annotated[list[Text], Meta(max_length=64)] | None = None
    test: bool = False


class BatteryHealth(Struct, frozen=True, kw_only=True):
    """How worn a battery is: the share of its design capacity that it gives, between `low` and `high` with nine in ten.

    `evidence` holds short sentences for a biomedical engineer; `discharges` is what the verdict rests on. `points`
    is what it holds from full to empty, in percent of a new battery of the published pump (see `streams.power.drain`),
    null if not seen; `percent_a_point` is how far its gauge falls for each.
    """

    verdict: Literal["degraded", "sound", "not_enough_data"]
    capacity: Share
    low: Share
    high: Share
    discharges: Count
    evidence: list[str] = []
    points: Quantity | None = None
    percent_a_point: Quantity | None = None


class PowerEpisode(Struct, frozen=True, kw_only=True):
    """One stretch of infusing on battery; `ended_at` is null while it lasts.

    `paused_at`: on mains, not infusing or silent since then, but a late event or a loose cord may still take the
    end back; a revision with `ended_at` is final. `empty_from` and `empty_to` hold the end of the battery with nine
    in ten; `silent_since` is the pump's last word if it fell silent on battery.
    """

    id: Id
    hospital: Name
    care_area: Name
    pump: Name
    at: At
    episode: Id
    revision: Revision
    started_at: At
    ended_at: At | None
    minutes: Quantity
    charge_start: Percent
    charge_min: Percent
    empty_at: At | None
    drugs: list[Text]
    cause: Cause
    paused_at: At | None = None
    empty_from: At | None = None
    empty_to: At | None = None
    silent_since: At | None = None
    model: Name | None = None
    low_alarm: bool = False
    depleted: bool = False
    battery: BatteryHealth | None = None
    test: bool = False


class Alert(Struct, frozen=True, kw_only=True):
    """Something a person should look at. `fingerprint` is stable over revisions.

    `subject` holds what it is about, for a dose entry the figures a screen shows (see `AlertSubject`).
    `actions` holds the ids of the last actions of people that are already in it, so that none counts twice.
    `unanswered_since` is set while it fires as critical, `escalated_at` once nobody has acknowledged it for too long.
    `reopenings` counts how often it came back by itself shortly after the time before, last at `reopened_at`; one that
    comes and goes stays open until it was quiet for a while since `quiet_since`.
    `maintenance` is the window that holds it: nobody is to be called while it stands there.
    """

    id: Id
    hospital: Name
    care_area: Name
    pump: Name | None
    at: At
    fingerprint: Id
    key: Text
    revision: Revision
    kind: AlertKind
    severity: Severity
    state: AlertState
    summary: str
    subject: AlertSubject
    since: At
    by: str | None = None
    comment: str | None = None
    actions: list[Id] = []
    unanswered_since: At | None = None
    escalated_at: At | None = None
    reopenings: Count = 0
    reopened_at: At | None = None
    quiet_since: At | None = None
    maintenance: Id | None = None
    test: bool = False


class KeypadStatistics(Struct, frozen=True, kw_only=True):
    """Why a keypad is held to be faulty: in `bounced_entries` of `entries` a key bounced, since `started_at`.

    `usual` is the share of such entries on the other pumps; `chance`: how probable as many are on a sound keypad.
    `clean` counts the entries since the last one with a bounce.
    """

    entries: Count
    bounced_entries: Count
    presses: Count
    bounces: Count
    usual: Share
    chance: Share
    clean: Count = 0
    keys: dict[str, Count] = {}
    care_areas: list[Name] = []


class AlertSubject(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an alert is about: a dose entry, a power episode or a pump; fields that do not apply are absent."""

    pump: Name | None = None
    entry: Id | None = None
    score_revision: Revision | None = None
    channel: Channel | None = None
    field: Field | None = None
    drug: Text | None = None
    unit: Name | None = None
    typed: Quantity | None = None
    meant: Quantity | None = None
    slip: Slip | None = None
    error_likelihood: Share | None = None
    harm: Harm | None = None
    action: CommitAction | None = None
    evidence: list[str] | None = None
    episode: Id | None = None
    episode_revision: Revision | None = None
    started_at: At | None = None
    minutes: Quantity | None = None
    charge_pct: Percent | None = None
    empty_at: At | None = None
    drugs: list[Text] | None = None
    cause: Cause | None = None
    keypad: KeypadStatistics | None = None
    silent_since: At | None = None
    battery: BatteryHealth | None = None


class AlertAction(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a person did with an alert. `by` names an account of the board, never a clinician."""

    id: Id
    hospital: Name
    care_area: Name
    pump: Name | None = None
    at: At
    key: Text
    fingerprint: Id
    action: ActionKind
    by: Name
    comment: Annotated[str, Meta(max_length=500)] | None = None
    test: bool = False


class AuditEvent(Struct, frozen=True, kw_only=True):
    """What somebody did on the board, or was refused.

    `hospital` is the one that it concerns, or `*`. `by` names an account, or an API token as `token:NAME`, never a
    clinician; null is somebody unknown, whatever name was typed. `via` is how a login was proved. `subject` is what
    it was done to: an alert, a maintenance window, an account or a token. `known_account` says of a refused login
    whether there is such an account. `address` is where the request came from.
    """

    id: Id
    hospital: Name
    at: At
    kind: AuditKind
    by: Name | None
    via: Literal["password", "openid"] | None = None
    subject: Id | None = None
    detail: Reason | None = None
    known_account: bool | None = None
    address: Name | None = None
    test: bool = False


class Case(Struct, frozen=True, kw_only=True):
    """A life-threatening entry that was caught, told without place, time and pump, so that it names nobody.

    `minutes` is how long the pump ran at the typed value, `warned` what the pump itself had said of it.
    """

    field: Field
    unit: Name
    typed: Quantity
    meant: Quantity
    slip: Slip | None
    minutes: Quantity
    action: CommitAction
    warned: Limit | None


class MaintenanceWindow(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A time in which alerts of a hospital, of one of its care areas or of one pump are recorded but call nobody.

    Its times are those of the platform's clock. `kinds` null holds every kind but what a life may hang on
    (see `streams.alerts.maintenance`). `by` names an account, never a clinician.
    """

    id: Id
    hospital: Name
    at: At
    window: Id
    revision: Revision
    care_area: Name | None = None
    pump: Name | None = None
    starts_at: At
    ends_at: At
    kinds: Annotated[list[AlertKind], Meta(min_length=1, max_length=16)] | None = None
    reason: Reason
    by: Name
    cancelled_at: At | None = None


class Rollup(Struct, frozen=True, kw_only=True):
    """Partial sums of one source partition for one hospital, care area, drug and hour; readers add the partials.

    `through` is the fence: for each source topic the position `[offset, index]` of the last record that was
    added, so that a record read again is not counted again. Sums of episodes stand under the drug `-`, minutes of
    infusing by model under `- MODEL`, with `model` set. `entered` counts by `FIELD UNIT`, `warned` by
    `FIELD LIMIT UNIT`, `overrides` and `flagged_overrides` by `FIELD LIMIT VALUE UNIT`; of each at most 64 words, what
    is beyond them under `other`. Of `cases` the first 16 are told.
    What each sum counts: docs/definitions.md.
    """

    id: Id
    hospital: Name
    care_area: Name
    at: At
    drug: Text
    hour: At
    partition: Count
    through: dict[str, tuple[int, int]]
    entries: Count = 0
    confirmed: Count = 0
    overridden: Count = 0
    cancelled: Count = 0
    soft_warnings: Count = 0
    hard_warnings: Count = 0
    suspect: Count = 0
    error: Count = 0
    corrected: Count = 0
    stood: Count = 0
    given_up: Count = 0
    caught: Count = 0
    slips: dict[str, Count] = {}
    harm: dict[str, Count] = {}
    avoided_harm: dict[str, Count] = {}
    caught_slips: dict[str, Count] = {}
    corrected_slips: dict[str, Count] = {}
    stood_slips: dict[str, Count] = {}
    caught_minutes: Quantity = 0.0
    entered: dict[str, Count] = {}
    warned: dict[str, Count] = {}
    overrides: dict[str, Count] = {}
    flagged_overrides: dict[str, Count] = {}
    cases: list[Case] = []
    episodes: Count = 0
    unplugged_minutes: Quantity = 0.0
    causes: dict[str, Count] = {}
    deep_discharges: Count = 0
    low_alarms: Count = 0
    avoidable_low_alarms: Count = 0
    model: Name | None = None
    infusing_minutes: Quantity = 0.0
    battery_minutes: Quantity = 0.0
    test: bool = False


class LearnedCounts(Struct, frozen=True, kw_only=True):
    """What was entered and stood in care areas of one profile; counts fade with time and are those of `at`.

    `values` are pairs of a value and its count. Those entered least are left out, so they may add up to less than
    `entries`.
    """

    profile: Literal["adult_icu", "ward", "paediatric", "neonatal"]
    entries: Amount
    values: list[tuple[Quantity, Amount]]


class IntentState(Struct, frozen=True, kw_only=True):
    """What one source partition taught of one drug in one unit at one hospital; readers add the partials.

    `drug` and `unit` are canonical names. `through` is the fence: the position `[offset, index]` of the last
    keystroke record that was learned from. `slips` are those that later entries confirmed, `taken_back` those that
    were undone while typing. `learning_version` names the rules of counting; a state by other rules is ignored.
    """

    id: Id
    hospital: Name
    at: At
    drug: Text
    unit: Name
    partition: Count
    through: tuple[int, int]
    learning_version: Name
    counts: list[LearnedCounts] = []
    slips: dict[str, Amount] = {}
    taken_back: dict[str, Amount] = {}
    test: bool = False


class Concentration(Struct, forbid_unknown_fields=True, frozen=True):
    """A usual concentration: amount per mL in `unit` (for example 100 units/mL)."""

    value: Annotated[float, Meta(gt=0, le=10_000_000)]
    unit: Name


class LibraryRow(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Limits of one drug in one care area for one field and unit; a limit that is absent is null."""

    drug: Text
    aliases: list[Text] = []
    care_area: Literal["adult_icu", "ward", "paediatric", "neonatal"]
    field: Field
    unit: Name
    soft_low: Quantity | None = None
    soft_high: Quantity | None = None
    hard_low: Quantity | None = None
    hard_high: Quantity | None = None
    concentrations: list[Concentration] = []
    high_alert: bool = False
    half_life_min: Annotated[float, Meta(gt=0, le=10_000_000)] | None = None
    source: Annotated[str, Meta(min_length=1)]


class DrugLibrary(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One hospital's policy: `hospital` is `*` for the library used where a hospital has none of its own.

    `care_areas` maps the hospital's own care-area names to the four profiles; other names are guessed.
    """

    id: Id
    hospital: Name
    at: At
    version: Name
    care_areas: dict[str, Literal["adult_icu", "ward", "paediatric", "neonatal"]] = {}
    rows: Annotated[list[LibraryRow], Meta(min_length=1)]

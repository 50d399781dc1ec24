"""What a biomedical engineer opens in the morning: are the pumps heard, what do they do, which need a visit."""

from __future__ import annotations

from typing import get_args

from deploy.grafana.source.frame import Page, Section
from deploy.grafana.source.palette import BAD, SKY_BLUE, WATCH
from deploy.grafana.source.panels import SHARE, by_label, number, over_time, row_link
from deploy.grafana.source.queries import LEAST_FOR_A_LINE, Query, share, total
from schemas.events import Severity

ONLINE, INFUSING = "pumpwatch_pumps_online", "pumpwatch_pumps_infusing"
_SEVERITIES = dict(zip(get_args(Severity), (BAD, WATCH, SKY_BLUE), strict=True))
_NOBODY = "no pump is heard"


def _open(by: str = "", **labels: str) -> str:
    return total("pumpwatch_alerts_open", by=by, **labels)


_now = (
    number(
        "Pumps online",
        "A pump is online for five minutes after its last event.",
        Query("Pumps", total(ONLINE)),
        none=_NOBODY,
    ),
    number(
        "Infusing",
        "Pumps that infuse now, those online, and the share.",
        Query("Pumps", total(INFUSING)),
        Query("Of online", total(ONLINE)),
        Query("Share", share(total(INFUSING), total(ONLINE)), SHARE),
        none=_NOBODY,
    ),
    number(
        "Open alerts",
        "Alerts of all kinds that nobody has resolved.",
        *(Query(severity.capitalize(), _open(severity=severity)) for severity in _SEVERITIES),
        none="no hospital is heard",
    ),
    number(
        "Silent pumps",
        "Pumps that stopped being heard while they infused on battery.",
        Query("Pumps", _open(kind="pump_silent")),
        none="no hospital is heard",
    ),
    number(
        "Keypads to look at",
        "Pumps whose keys bounce more often than chance lets a sound keypad; docs/definitions.md says how it is told.",
        Query("Pumps", _open(kind="keypad_fault")),
        none="no hospital is heard",
    ),
    number(
        "Batteries to look at",
        "Pumps with a battery that is worn, by its own discharges.",
        Query("Pumps", _open(kind="battery_degraded")),
        none="no hospital is heard",
    ),
)

_online = over_time(
    "Pumps online by hospital",
    "Pumps heard in the five minutes before each point.",
    Query("{{hospital}}", total(ONLINE, by="hospital")),
    none=_NOBODY,
)
_infusing = over_time(
    "Infusing share by hospital",
    f"Pumps that infuse, of those online. A line is drawn only where at least {LEAST_FOR_A_LINE} are online.",
    Query("{{hospital}}", share(total(INFUSING, by="hospital"), total(ONLINE, by="hospital"), LEAST_FOR_A_LINE)),
    unit=SHARE,
    none=f"fewer than {LEAST_FOR_A_LINE} pumps online",
)
_severities = over_time(
    "Open alerts by severity",
    "How many stood open at each moment.",
    Query("{{severity}}", _open("severity")),
    colours=_SEVERITIES,
    stacked=True,
)
_kinds = over_time("Open alerts by kind", "How many stood open at each moment.", Query("{{kind}}", _open("kind")))
_hospitals = by_label(
    "Hospitals",
    "Pumps now, and open alerts.",
    "hospital",
    Query("Online", total(ONLINE, by="hospital")),
    Query("Infusing", total(INFUSING, by="hospital")),
    Query("On battery", total("pumpwatch_pumps_on_battery", by="hospital")),
    *(Query(f"{severity.capitalize()} alerts", _open("hospital", severity=severity)) for severity in _SEVERITIES),
    Query("Silent", _open("hospital", kind="pump_silent")),
    Query("Keypads", _open("hospital", kind="keypad_fault")),
    Query("Batteries", _open("hospital", kind="battery_degraded")),
    link=row_link("Medication safety of this hospital", "pumpwatch-safety", "hospital"),
)

PAGE = Page(
    uid="pumpwatch-fleet",
    title="Fleet",
    purpose="Which pumps are heard, what they do, and which need a visit. Which pump it is, the board says: no "
    "metric names one.",
    since="now-24h",
    refresh="30s",
    sections=(
        Section("Now", (_now,)),
        Section("Over time", ((_online, _infusing), (_severities, _kinds))),
        Section("Hospitals", ((_hospitals,),)),
    ),
)

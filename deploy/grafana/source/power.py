"""What a biomedical engineer asks: which pumps infuse on battery, why, and what it does to the batteries."""

from __future__ import annotations

from deploy.grafana.source.frame import Page, Section
from deploy.grafana.source.palette import (
    BLUE,
    BLUISH_GREEN,
    ORANGE,
    REDDISH_PURPLE,
    SKY_BLUE,
    VERMILLION,
    YELLOW,
)
from deploy.grafana.source.panels import SECONDS, SHARE, by_label, number, over_time, row_link
from deploy.grafana.source.queries import LEAST_FOR_A_LINE, Query, share, total

INFUSED = "pumpwatch_rollup_infusing_seconds"
ON_BATTERY = "pumpwatch_rollup_infusing_on_battery_seconds"
EPISODES = "pumpwatch_rollup_battery_episodes"
DEEP = "pumpwatch_rollup_deep_discharge_episodes"
LOW = "pumpwatch_rollup_low_alarm_episodes"
AVOIDABLE = "pumpwatch_rollup_avoidable_low_alarm_episodes"
LEAST_INFUSED_S = 10 * 3600
"""Below ten hours of infusing an unplugged share is that of a few pumps (judgement)."""

_ROLLING = "Each point is the sum over the chosen window that ends there."
_KINDS = {"unplugged_infusion": ORANGE, "battery_empty_soon": VERMILLION, "battery_degraded": REDDISH_PURPLE}


def _open(kind: str) -> str:
    return total("pumpwatch_alerts_open", kind=kind)


_now = (
    number(
        "On battery now",
        "Pumps on battery, infusing or not, all pumps that are heard, and the share.",
        Query("Pumps", total("pumpwatch_pumps_on_battery")),
        Query("Of online", total("pumpwatch_pumps_online")),
        Query("Share", share(total("pumpwatch_pumps_on_battery"), total("pumpwatch_pumps_online")), SHARE),
        none="no pump is heard",
    ),
    number(
        "Unplugged share",
        "Time infused on battery of all time infused in the window, with the time infused beside it. Journeys and "
        "power failures are in it.",
        Query("Share", share(total(ON_BATTERY), total(INFUSED)), SHARE),
        Query("Infused", total(INFUSED), SECONDS),
        none="nothing infused",
    ),
    number(
        "Batteries at risk",
        "Open alerts: a battery that is empty soon, and an infusion that is longer on battery than a journey takes.",
        Query("Empty soon", _open("battery_empty_soon")),
        Query("Unplugged", _open("unplugged_infusion")),
        none="no hospital is heard",
    ),
    number(
        "Worn batteries",
        "Pumps with an open alert of a battery below its design capacity.",
        Query("Pumps", _open("battery_degraded")),
        none="no hospital is heard",
    ),
    number(
        "Deep discharges",
        "Episodes that ran the battery down, beside all finished episodes of the window.",
        Query("Deep", total(DEEP)),
        Query("Of episodes", total(EPISODES)),
        none="no episodes",
    ),
    number(
        "Avoidable low alarms",
        "Low-battery alarms where a socket was there, beside all episodes with a low-battery alarm.",
        Query("Avoidable", total(AVOIDABLE)),
        Query("Of low alarms", total(LOW)),
        none="no episodes",
    ),
)

_on_battery = over_time(
    "Pumps on battery by hospital",
    "Pumps on battery at each moment, infusing or not.",
    Query("{{hospital}}", total("pumpwatch_pumps_on_battery", by="hospital")),
    none="no pump is heard",
)
_unplugged = over_time(
    "Unplugged share by hospital",
    f"Time infused on battery of all time infused. A line is drawn only above {LEAST_INFUSED_S // 3600} hours of "
    f"infusing. {_ROLLING}",
    Query("{{hospital}}", share(total(ON_BATTERY, by="hospital"), total(INFUSED, by="hospital"), LEAST_INFUSED_S)),
    unit=SHARE,
    none=f"under {LEAST_INFUSED_S // 3600} hours infused",
)
_causes = over_time(
    "Episodes by cause",
    f"The likeliest cause of each finished episode. {_ROLLING}",
    Query("{{cause}}", total("pumpwatch_rollup_cause_episodes", by="cause")),
    colours={
        "practice": ORANGE,
        "transport": SKY_BLUE,
        "loose_cord": YELLOW,
        "unit_power_failure": VERMILLION,
        "battery_fault": REDDISH_PURPLE,
        "unknown": BLUE,
    },
    stacked=True,
)
_time = over_time(
    "Time on battery by hospital",
    f"The length of finished episodes together. {_ROLLING}",
    Query("{{hospital}}", total("pumpwatch_rollup_battery_seconds", by="hospital")),
    unit=SECONDS,
)
_alerts = over_time(
    "Open alerts of power",
    "How many stood open at each moment.",
    *(Query(kind, _open(kind)) for kind in _KINDS),
    colours=_KINDS,
)
_batteries = over_time(
    "Deep discharges and low alarms",
    f"Episodes of each kind; one episode may be several. {_ROLLING}",
    Query("Deep discharges", total(DEEP)),
    Query("Low alarms", total(LOW)),
    Query("Avoidable low alarms", total(AVOIDABLE)),
    colours={"Deep discharges": REDDISH_PURPLE, "Low alarms": SKY_BLUE, "Avoidable low alarms": BLUISH_GREEN},
)
_hospitals = by_label(
    "Hospitals",
    f"The shares with their bases. Under {LEAST_FOR_A_LINE} episodes, read numbers and not shares.",
    "hospital",
    Query("On battery now", total("pumpwatch_pumps_on_battery", by="hospital")),
    Query("Online now", total("pumpwatch_pumps_online", by="hospital")),
    Query("Time infused", total(INFUSED, by="hospital"), SECONDS),
    Query("Unplugged share", share(total(ON_BATTERY, by="hospital"), total(INFUSED, by="hospital")), SHARE),
    Query("Episodes", total(EPISODES, by="hospital")),
    Query("Deep discharges", total(DEEP, by="hospital")),
    Query("Low alarms", total(LOW, by="hospital")),
    Query("Avoidable", total(AVOIDABLE, by="hospital")),
    link=row_link("Fleet of this hospital", "pumpwatch-fleet", "hospital"),
)

PAGE = Page(
    uid="pumpwatch-power",
    title="Power",
    purpose="How much is infused on battery, why, and what it does to the batteries. `pumpwatch practice` compares "
    "the units and shifts of a hospital; docs/power.md says how well causes and worn batteries are told.",
    since="now-24h",
    refresh="30s",
    sections=(
        Section("Now and in the window", (_now,)),
        Section("On battery", ((_on_battery, _unplugged), (_causes, _time))),
        Section("Batteries", ((_alerts, _batteries),)),
        Section("Hospitals", ((_hospitals,),)),
    ),
    by_window=True,
)

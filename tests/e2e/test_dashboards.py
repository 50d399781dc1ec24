"""Every query of every dashboard answers on a real Prometheus that scrapes a whole platform with real data in it."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.events import Commit, KeystrokeEvent, PowerEvent
from schemas.topics import KEYSTROKES
from services.embedded.ports import LOOPBACK, free_port
from tests.contract.dashboards import dashboards, filled, panels
from tests.e2e.conftest import bounced
from tests.integration.stream import eventually, producer, publish
from tests.made_events import entry, heartbeat, now
from tests.servers.processes import ServerProcess
from tests.servers.prometheus import Prometheus
from tests.servers.worker import Worker

# A quiet machine needs under a minute; one that is ten times slower passes too.
pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

WITHIN_S = 300
CAUGHT, STOOD, GIVEN_UP, UNDECIDED = 9, 3, 2, 1
WARNED, OVERRIDDEN = 25, 20
PUMPS, ON_BATTERY = 24, 6
HISTORY, UNPLUGGED = 8, 4
ENTRIES = 2 * (CAUGHT + STOOD) + GIVEN_UP + UNDECIDED + WARNED


def nurses(begun: datetime) -> Iterator[KeystrokeEvent]:
    """Entries of the hospital North: bounced keys with every outcome, and warnings of a soft limit."""

    def flagged(pump: str, after_min: float, **changes) -> KeystrokeEvent:
        return bounced(pump, at=begun + timedelta(minutes=after_min), **changes)

    def next_one(first: KeystrokeEvent, typed: str, after_min: float) -> KeystrokeEvent:
        fields = {"drug": first.drug, "unit": first.unit, "field": first.field, "hospital": first.hospital}
        return entry(first.pump, 2, typed, first.at + timedelta(minutes=after_min), previous=55.0, **fields)

    for number in range(CAUGHT):
        yield (first := flagged(f"N-caught-{number}", number))
        yield next_one(first, "5", 3)
    for number in range(STOOD):
        yield (first := flagged(f"N-stood-{number}", number))
        yield next_one(first, "50", 40)
    for number in range(GIVEN_UP):
        yield flagged(f"N-given-up-{number}", number, commit=Commit("cancel", 55.0))
    for number in range(UNDECIDED):
        yield flagged(f"N-undecided-{number}", number)
    for number in range(WARNED):
        action = "override" if number < OVERRIDDEN else "cancel"
        commit = Commit(action, 6.0, "soft_high")
        yield entry(f"N-warned-{number}", 1, "6", begun + timedelta(minutes=number), hospital="North", commit=commit)


def sockets(begun: datetime) -> Iterator[PowerEvent]:
    """Pumps of North that infused for 80 minutes and then stood idle; half of them were on battery for 24 minutes."""
    for pump in range(HISTORY):
        for number, minute in enumerate(range(0, 100, 4), 1):
            away, infusing = pump < UNPLUGGED and 40 <= minute < 64, minute < 80
            state = {"source": "battery" if away else "mains", "charging": not away, "infusing": infusing}
            state |= {} if infusing else {"rate_ml_h": 0.0, "channels_running": 0}
            yield heartbeat(f"N-power-{pump}", number, begun + timedelta(minutes=minute), hospital="North", **state)


def idle(number: int) -> Iterator[PowerEvent]:
    """The pumps of North as they are now: none infuses, some are on battery."""
    for pump in range(PUMPS):
        away = HISTORY <= pump < HISTORY + ON_BATTERY
        state = {"source": "battery" if away else "mains", "charging": not away, "infusing": False}
        state |= {"rate_ml_h": 0.0, "channels_running": 0}
        yield heartbeat(f"N-power-{pump}", 100 + number, hospital="North", **state)


REFUSALS = "pumpwatch_pipeline_worker_dead_letters_total"


@dataclass
class Scraped:
    """A platform with a worker, two metrics services for safety, and the Prometheus that scrapes all three."""

    kafka: str
    prometheus: Prometheus
    live: int = 0

    def go_on(self) -> None:
        """Time goes on: North stays online, and nurses of South give rates and percentiles something to be of."""
        self.live += 1
        pump = f"S-{self.live % 5}"
        events = [*idle(self.live), heartbeat(pump, self.live, hospital="South")]
        events += [entry(pump, self.live, "5", hospital="South"), bounced(f"S-wrong-{self.live}", hospital="South")]
        publish(self.kafka, events)

    def figure(self, expression: str, **chosen: str) -> float | None:
        """The single value of a query, None without one."""
        found = self.prometheus.now(filled(expression, **chosen))
        assert len(found) <= 1
        return found[0][1][0] if found else None

    def until(self, look: Callable[[], Any], shown: Any) -> None:
        """Wait until what is looked at is `shown`."""
        deadline = time.monotonic() + WITHIN_S
        while (found := look()) != pytest.approx(shown):
            assert time.monotonic() < deadline, f"{found} and not {shown}"
            time.sleep(0.5)
            self.go_on()


@pytest.fixture(scope="module")
def scraped(topics, redis_server, tmp_path_factory) -> Iterator[Scraped]:
    """Everything started, and the day of North published."""
    folder = tmp_path_factory.mktemp("scraped")
    worker = Worker("worker", topics, redis_server.url, folder / "worker", {})
    services, addresses = [], []
    for number in range(2):
        addresses.append(f"{LOOPBACK}:{(port := free_port())}")
        command = [sys.executable, "-m", "services.cli", "metrics", "--port", str(port)]
        env = {"PUMPWATCH_REDIS": redis_server.url}
        services.append(ServerProcess(f"metrics {number}", command, folder / f"metrics{number}.log", env))
    jobs = {"pumpwatch-metrics": addresses, "pumpwatch-worker": [f"{LOOPBACK}:{worker.port}"]}
    prometheus = Prometheus(folder / "prometheus", jobs)
    try:
        worker.process.launch()
        for service in services:
            service.launch()
        prometheus.start()
        worker.wait_ready(120)
        # What was counted before the first scrape of a counter is no increase.
        eventually(
            lambda: [one for _, one in prometheus.now(REFUSALS)] == [[0.0], [0.0]], WITHIN_S, "no refusal is scraped"
        )
        begun = now() - timedelta(minutes=105)
        publish(topics, sorted([*nurses(begun), *sockets(begun)], key=lambda event: event.at))
        sender = producer(topics)
        sender.produce(KEYSTROKES, b"keys=5;0;1", "N-broken")
        assert sender.flush(60) == 0
        yield Scraped(topics, prometheus)
    finally:
        for process in (prometheus, worker, *services):
            process.kill()


def silent(scraped: Scraped) -> list[str]:
    """The queries that answer nothing, or nothing that is a number."""
    found = []
    for panel in panels():
        for target in panel.model["targets"]:
            ask = scraped.prometheus.now if target["instant"] else scraped.prometheus.last_minute
            values = [value for _, values in ask(filled(target["expr"])) for value in values]
            if all(math.isnan(value) for value in values):
                found.append(f"{panel}, {target['legendFormat']}: {target['expr']}")
    return found


def test_every_panel_shows_something(scraped):
    """After entries, slips with all outcomes, episodes, refusals and alerts, no query of any panel is empty."""
    deadline = time.monotonic() + WITHIN_S
    scraped.go_on()
    while missing := silent(scraped):
        assert time.monotonic() < deadline, f"{len(missing)} queries have no data:\n" + "\n".join(missing)
        scraped.go_on()


def expressions(dashboard: str, title: str) -> dict[str, str]:
    """The queries of a panel by their legends."""
    (panel,) = [panel for panel in panels() if (panel.dashboard, panel.model["title"]) == (dashboard, title)]
    return {target["legendFormat"]: target["expr"] for target in panel.model["targets"]}


SHOWN = [
    ("medication-safety", "Dose entries", {"Entries": ENTRIES}),
    ("medication-safety", "Confirmed catches", {"Catches": CAUGHT}),
    ("medication-safety", "Precision", {"Precision": CAUGHT / (CAUGHT + STOOD), "Decided": CAUGHT + STOOD}),
    ("medication-safety", "Override rate", {"Overridden": OVERRIDDEN / WARNED, "Warnings": WARNED}),
    (
        "medication-safety",
        "What became of flagged entries",
        {
            "Confirmed catch": CAUGHT,
            "Corrected otherwise": 0,
            "Left to stand (false alarm)": STOOD,
            "Cancelled at the pump": GIVEN_UP,
            "Undecided": UNDECIDED,
        },
    ),
    ("power", "On battery now", {"Pumps": ON_BATTERY, "Of online": PUMPS, "Share": ON_BATTERY / PUMPS}),
    ("power", "Deep discharges", {"Deep": 0, "Of episodes": UNPLUGGED}),
    ("power", "Unplugged share", {"Share": 24 * UNPLUGGED / (80 * HISTORY), "Infused": 80 * 60 * HISTORY}),
    ("fleet", "Pumps online", {"Pumps": PUMPS}),
    ("pipeline", "Making progress", {"Progress": 1}),
    ("pipeline", "Workers", {"Workers": 1}),
]


@pytest.mark.parametrize(("dashboard", "title", "shown"), SHOWN, ids=[f"{one}: {other}" for one, other, _ in SHOWN])
def test_panels_show_what_was_published(scraped, dashboard, title, shown):
    """The figures of North are those of its events, scraped from two services and counted once."""
    asked = expressions(dashboard, title)
    assert asked.keys() == shown.keys()
    scraped.until(lambda: {legend: scraped.figure(asked[legend], hospital="North") for legend in shown}, shown)


def test_a_refused_record_is_shown(scraped):
    """One record was no event. Prometheus extrapolates an increase, so the panel rounds it."""
    asked = expressions("pipeline", "Refused")["Records"]
    scraped.until(lambda: round(scraped.figure(asked) or 0), 1)


def test_hospitals_to_choose_are_those_that_are_heard(scraped):
    """The variable's query names both; with one that is not there, figures are absent and not zero."""
    (variable,) = [one for one in dashboards()["fleet"]["templating"]["list"] if one["name"] == "hospital"]
    assert variable["query"] == "label_values(pumpwatch_pumps_online, hospital)"
    scraped.until(lambda: scraped.prometheus.values_of("hospital", "pumpwatch_pumps_online"), ["North", "South"])
    online = expressions("fleet", "Pumps online")["Pumps"]
    scraped.until(lambda: (scraped.figure(online, hospital="North|South") or 0) > PUMPS, True)
    assert scraped.figure(online, hospital="East") is None

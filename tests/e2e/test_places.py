"""Pages of a pump and of a care area, and the usual hour on the board, in a real browser on a filled read model."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from schemas.events import AlertSubject, BatteryHealth
from streams.sink import ReadModel
from tests.e2e.conftest import until
from tests.e2e.test_accessibility import RULES
from tests.made_events import heartbeat
from tests.made_places import episode, fill, hear, two_days
from tests.made_read_model import alert

pytestmark = pytest.mark.servers

PUMP = "SP-00042"
BATTERY = BatteryHealth(verdict="degraded", capacity=0.61, low=0.55, high=0.68, discharges=7)


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def places(stage, now):
    """A pump with two days of charge, episodes and a worn battery, and eight days of its hospital."""
    mine = {"pump": PUMP, "key": PUMP}
    worn = AlertSubject(pump=PUMP, battery=BATTERY)
    stage.show(
        alert("dose", since=now - timedelta(hours=2), **mine),
        alert("worn", kind="battery_degraded", severity="warning", summary="It holds 61%", subject=worn, **mine),
    )
    stage.run(hear(stage.redis, *two_days(PUMP, now), now=now))
    episodes = [
        episode(PUMP, now - timedelta(minutes=230), 180.0, charge_min=64.0),
        episode(PUMP, now - timedelta(days=1)),
    ]
    stage.run(ReadModel(stage.redis, "tests").put_episodes(episodes))
    stage.run(fill(stage.redis, ("North",), now, 8))
    return stage


def test_a_pump_and_what_becomes_of_it(seen, places, now):
    """Its state, its curve in a picture and in words, its past and its alerts; unplugged, it says so by itself."""
    page = seen.logged_in(f"/pumps/{PUMP}")
    expect(page.get_by_role("heading", level=1)).to_have_text(PUMP)
    expect(page.locator("#source")).to_have_text("On mains")
    expect(page.locator("#charge-now")).to_have_text("94 %")
    expect(page.locator("#where")).to_contain_text("MICU · North · spectrum · Bay 4")
    expect(page.locator("#charge-text")).to_contain_text("lowest 64 %")
    expect(page.locator("#charge-text")).to_contain_text("3 h 00 on battery, 3 h 00 of them infusing.")
    until(page, "document.querySelector('#charge canvas')?.width > 300")
    rows = page.locator("#episode-rows tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("95 → 64 %")
    expect(rows.first).to_contain_text("left unplugged")
    expect(page.locator("#battery-facts")).to_contain_text("61 % of the design")
    expect(page.locator("#open li")).to_have_count(2)
    unplugged = heartbeat(PUMP, 9000, now + timedelta(seconds=9), hospital="North", source="battery", charge_pct=93.5)
    places.run(hear(places.redis, unplugged, first=9000))
    expect(page.locator("#source")).to_have_text("On battery")
    expect(page.locator("#charge-now")).to_have_text("93.5 %")
    page.locator("#open a", has_text="Dose entry").click()
    expect(page).to_have_url(re.compile("/alerts/dose$"))


def test_a_care_area_against_the_others(seen, places):
    """The figure that is chosen, by keyboard too, goes through the comparison, the days and the hours."""
    page = seen.logged_in("/care-areas/North/MICU", timezone_id="UTC")
    expect(page.locator("main[aria-busy=false]")).to_be_visible()
    overrides = page.locator("#figures tr", has_text="Override rate")
    expect(overrides).to_contain_text("higher than elsewhere")
    expect(page.locator("#units tr")).to_have_count(6)
    expect(page.locator("#units tr").first).to_have_attribute("aria-current", "true")
    expect(page.locator("#meaning")).to_contain_text("Entries confirmed over a warning of the pump's own")
    expect(page.locator("#by-hour-rows tr")).to_have_count(24)
    page.get_by_label("Flag rate").focus()
    page.keyboard.press("Space")
    expect(page.locator("#hours-title")).to_have_text("Flag rate by hour of the day")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#hours-title")).to_have_text("Corrected by hour of the day")
    days = page.locator("#by-day-rows tr")
    expect(days).to_have_count(9)
    page.get_by_label("Over the last").select_option("7")
    expect(days).not_to_have_count(9)
    page.locator("#units").get_by_role("link", name="ED").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ED")
    expect(page.locator("#figures tr", has_text="Override rate")).to_contain_text("lower than elsewhere")


def test_the_usual_hour_under_the_counts(seen, places):
    """The last hour beside the same hour of the days before; folded away it stays so."""
    page = seen.logged_in()
    expect(page.locator("#usual-hours li")).to_have_count(5)
    expect(page.locator("#usual-title")).to_have_text(re.compile(r"\d\d:00.\d\d:00 against the usual hour"))
    expect(page.locator("#usual-hours li").first).to_contain_text(re.compile(r"Entries\d+.*usual \d+ \(\d+.\d+\)"))
    expect(page.locator("#usual-note")).to_contain_text(re.compile("the same hour of the last [78] days"))
    page.locator("#usual summary").click()
    expect(page.locator("#usual-hours")).not_to_be_visible()
    page.reload()
    expect(page.locator("#usual-title")).to_have_text(re.compile("against the usual hour"))
    expect(page.locator("#usual-hours")).not_to_be_visible()


@pytest.mark.parametrize("path", [f"/pumps/{PUMP}", "/care-areas/North/MICU"])
def test_a_page_full_of_figures_has_no_violation(seen, places, path):
    """By axe in both colour schemes, and on a telephone nothing scrolls sideways but tables."""
    page = seen.logged_in(path, width=360, height=740)
    expect(page.locator("main[aria-busy=false]")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        until(page, f"document.documentElement.dataset.theme === '{scheme}'")
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(each["id"], node["html"][:160]) for each in found for node in each["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360

"""The pages of an alert and of its drug on the whole platform: keys on a pump in, the drawn keypad and more out."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from streams.alerts.finding import fingerprint
from streams.sink.entries import key_of_entry, key_of_list
from tests.e2e.conftest import bounced
from tests.integration.stream import publish
from tests.made_events import entry, now

pytestmark = pytest.mark.servers

PUMP = "STORY-1"
ALERT = fingerprint("dose_entry_error", PUMP, f"{PUMP}-e2")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


def _accessible(page: Page) -> None:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    assert [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []


@pytest.fixture(scope="module")
def entered(platform):
    """A plausible entry, and one 55 instead of 5 by a key that bounced."""
    start = now() - timedelta(minutes=2)
    insulin = {"hospital": "North", "drug": "Insulin regular", "unit": "units/h", "field": "rate"}
    publish(platform.kafka, [entry(PUMP, 1, "5", start, **insulin), bounced(PUMP, 2, at=start + timedelta(minutes=1))])
    return start


def test_the_story_is_told_stepped_through_and_goes_on_live(screens, entered, platform):
    """Typed and meant, keys and timing; an acknowledgement and the correction appear by themselves."""
    page = screens.logged_in()
    expect(page.locator(".alert", has_text=PUMP)).to_be_visible()
    page.goto(f"/alerts/{ALERT}")
    expect(page.locator("#typed")).to_have_text("55")
    expect(page.locator("#meant-rows tr").first).to_contain_text("5 units/h")
    expect(page.locator("#meant-rows tr").first).to_contain_text("key bounced")
    said = page.locator(".said")
    expect(said).to_have_text(
        "Key 2 of 2: 5, 38 ms after the one before, faster than a finger, held 30 ms. The pump shows 55."
    )
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("ArrowLeft")
    expect(said).to_have_text("Key 1 of 2: 5, held 220 ms. The pump shows 5.")
    expect(page.locator("#recent-rows tr")).to_have_count(2)
    expect(page.locator("#usual-text")).to_contain_text("Nine in ten first entries")
    _accessible(page)

    page.get_by_label("Comment").fill("looking at it")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#happened .acknowledged")).to_contain_text("looking at it")
    corrected = entry(
        PUMP, 3, "5", entered + timedelta(seconds=100), hospital="North", drug="Insulin regular", unit="units/h",
        field="rate", previous=55.0,
    )  # fmt: skip
    publish(platform.kafka, [corrected])
    expect(page.locator("#happened .corrected")).to_contain_text("Corrected to 5 units/h 40 s later")
    expect(page.locator("#state")).to_contain_text("Resolved by itself")


def test_the_page_of_the_drug_counts_the_entries(screens, entered):
    """From the rollups, within seconds; also on a small dark screen."""
    page = screens.logged_in(color_scheme="dark", width=360)
    page.goto("/drugs/insulin?hospital=North")
    expect(page.locator("#title")).to_have_text("insulin regular")
    expect(page.locator("#slip-rows")).to_contain_text("key bounced")
    expect(page.locator("#limit-rows")).to_contain_text("ADA Standards of Care")
    _accessible(page)


def test_a_rebuild_brings_recent_entries_back_with_their_keys(entered, platform):
    """All that the pages show is in the topics: Redis may be emptied."""
    redis = platform.redis.client()
    places = key_of_list(PUMP), key_of_entry(PUMP, f"{PUMP}-e2")

    def kept() -> tuple[list[str], str | None]:
        return redis.zrange(places[0], 0, -1), redis.hget(places[1], "score")

    before = kept()
    assert len(before[0]) >= 2
    assert '"hold":220' in before[1]
    redis.flushall()
    where = {"PUMPWATCH_KAFKA": platform.kafka, "PUMPWATCH_REDIS": platform.redis.url}
    subprocess.run([sys.executable, "-m", "services.cli", "rebuild-redis"], env=os.environ | where, check=True)
    assert kept() == before

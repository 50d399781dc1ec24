"""Maintenance windows in a real browser: planned and ended on their page, and what they hold on the board."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from schemas.codec import encode
from schemas.events import MaintenanceWindow
from schemas.topics import MAINTENANCE
from streams.sink import ReadModel
from tests.e2e.conftest import USER, VIEWER
from tests.made_read_model import alert, hear

pytestmark = pytest.mark.servers

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}


@pytest.fixture(autouse=True)
def _empty(stage):
    """Each test begins with nothing open."""
    stage.empty()


def planned(stage) -> list[MaintenanceWindow]:
    """What was published of windows, oldest first."""
    return [event for _, _, event in stage.publisher.published if isinstance(event, MaintenanceWindow)]


def follow(stage) -> None:
    """Let the stream tell what was published."""
    rows = [(number, event, encode(event)) for number, event in enumerate(planned(stage))]
    stage.run(ReadModel(stage.redis, "stage").put_windows(MAINTENANCE, 0, rows))


def assert_accessible(page: Page) -> None:
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()


def test_a_window_is_planned_and_ended_on_its_page(seen, stage):
    """The form says what is missing; what was planned is there at once, and ends by one press."""
    stage.run(hear(stage.redis, "North", "P-1", "online"))
    page = seen.logged_in("/maintenance")
    expect(page.locator("#current")).to_contain_text("None is in force")
    page.get_by_text("Plan a window").click()
    plan = page.get_by_role("button", name="Plan", exact=True)
    plan.click()
    expect(page.locator("#trouble")).to_have_text("Say which pump.")
    page.get_by_label("one pump").check()
    page.locator("#which input").fill("8015-104423")
    page.get_by_label("Reason").fill("Battery test on the bench")
    page.get_by_label("only these").check()
    plan.click()
    expect(page.locator("#trouble")).to_have_text("Choose at least one kind of alert.")
    page.get_by_label("Battery empty soon").check()
    assert_accessible(page)
    plan.click()
    shown = page.locator("#current .window, #planned .window")
    expect(shown).to_contain_text("Battery test on the bench")
    expect(shown).to_contain_text(f"Holds Battery empty soon · {USER}")
    [made] = planned(stage)
    assert (made.hospital, made.pump, made.care_area, made.by) == ("North", "8015-104423", None, USER)
    assert made.kinds == ["battery_empty_soon"]
    assert 7100 < (made.ends_at - made.starts_at).total_seconds() <= 7200
    follow(stage)
    shown.get_by_role("button").click()
    expect(page.locator("#ended .window")).to_contain_text("ended early")
    assert_accessible(page)
    assert planned(stage)[1].cancelled_at is not None


def test_who_only_looks_is_offered_no_form(seen, stage):
    """The windows are there, and nothing to press."""
    stage.run(hear(stage.redis, "North", "P-1", "online"))
    page = seen.logged_in("/maintenance", user=VIEWER)
    expect(page.locator("#ended")).to_contain_text("None.")
    expect(page.locator("#plan")).to_be_hidden()


def test_what_a_window_holds_stands_apart_until_it_is_let_go(seen, stage):
    """It is not counted as critical and says why; when the window is over it fires and is announced."""
    held = alert("held", kind="battery_empty_soon", maintenance="w1")
    stage.show(held, alert("free", severity="warning"))
    page = seen.logged_in()
    row = page.locator('#held .alert[data-fingerprint="held"]')
    expect(row).to_contain_text("maintenance window: calls nobody")
    expect(page.locator("#held-count")).to_have_text("1")
    expect(page.locator("#firing-count")).to_have_text("1")
    expect(page.locator("#count-critical")).to_have_text("0")
    expect(page).to_have_title("(1) Pumpwatch")
    assert_accessible(page)
    stage.show(replace(held, id="held/2", revision=2, maintenance=None))
    expect(page.locator('#firing .alert[data-fingerprint="held"]')).to_be_visible()
    expect(page.locator("#held-group")).to_be_hidden()
    expect(page.locator("#count-critical")).to_have_text("1")
    expect(page.locator("#said-urgently")).to_contain_text("critical")

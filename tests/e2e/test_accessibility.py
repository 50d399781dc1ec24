"""Every page by axe, in both colour schemes, wide and narrow; enlarged; and by keyboard."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from schemas.events import AlertSubject
from tests.e2e.conftest import PASSWORD, USER, until
from tests.made_read_model import alert, hear, rollup, store_rollups
from tests.unit.readmodel.test_search import HOUR

pytestmark = pytest.mark.servers

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
MISSING = "/nothing-here"
PAGES = (
    "/", "/?severity=critical&care_area=MICU", "/search?q=i", "/maintenance", "/accounts", "/alerts/critical",
    "/pumps/P-critical", "/care-areas/North/MICU", "/drugs/norepinephrine?hospital=North", MISSING,
)  # fmt: skip
WIDE, ENLARGED, NARROW = 1280, 640, 360
MOST_STEPS = 60
# What has the focus and shows it neither by an outline nor by a shadow.
UNMARKED = """() => {
  const focused = document.activeElement;
  if (focused === document.body) return null;
  const style = getComputedStyle(focused);
  const marked = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
  return marked ? "" : focused.outerHTML.slice(0, 160);
}"""
BEYOND = """() => [...document.querySelectorAll("body *")]
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(".scroll, .unseen"))
  .map((each) => each.outerHTML.slice(0, 120)).slice(0, 5)"""


@pytest.fixture(scope="module")
def filled(stage):
    """Alerts of every severity and state, pumps and an hour of entries."""
    on_battery = AlertSubject(
        pump="P-warning", drugs=["Propofol"], minutes=12.0, charge_pct=40.0, cause="loose_cord", episode="e1"
    )
    at = alert("a").since - timedelta(minutes=20)
    stage.show(
        alert("critical", since=at, unanswered_since=at, escalated_at=at, test=False),
        alert("warning", severity="warning", kind="unplugged_infusion", subject=on_battery, reopenings=3),
        alert("info", severity="info", kind="pump_silent", subject=AlertSubject(pump="P-info", minutes=20.0)),
        alert("known", state="acknowledged", by=USER, comment="The unit is called.", care_area="SICU"),
        alert("other", hospital="St. Mary's Hospital for Women and Children"),
    )
    stage.run(hear(stage.redis, "North", "P-critical", "online", "infusing", "battery"))
    stage.run(store_rollups(stage.redis, rollup("North", HOUR, entries=20, overridden=3)))
    return stage


@pytest.fixture(scope="module")
def page(filled, chromium):
    """One page of somebody who may see everything."""
    context = chromium.new_context(viewport={"width": WIDE, "height": 900}, base_url=filled.url, locale="en-GB")
    context.set_default_timeout(60_000)
    opened = context.new_page()
    opened.goto("/login")
    opened.get_by_label("User").fill(USER)
    opened.get_by_label("Password").fill(PASSWORD)
    opened.get_by_role("button", name="Log in").click()
    opened.locator("#menu").wait_for()
    yield opened
    context.close()


def _open(page: Page, path: str) -> None:
    """Go to a page, and wait until it shows what it has."""
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == (404 if path == MISSING else 200)
    until(page, "!document.querySelector('[aria-busy=true]')")
    page.evaluate("document.querySelector('.alert .unfold')?.click()")
    until(page, "document.getAnimations().length === 0")


def _violations(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {node['html'][:200]} {node['failureSummary']}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_violation(page, path):
    """WCAG 2.2 A and AA as far as axe can tell, in light and dark, wide and narrow; nothing reaches beyond the edge."""
    _open(page, path)
    for width in (WIDE, ENLARGED, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(100)  # charts take their new width
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, page.evaluate(BEYOND))
        if width == ENLARGED:  # as 1280 px at 200 %
            continue
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert _violations(page) == [], (width, scheme)
    page.set_viewport_size({"width": WIDE, "height": 900})


def test_the_menus_have_no_violation(page):
    """The choice of colours and the switch for calls, unfolded."""
    _open(page, "/")
    page.emulate_media(color_scheme="dark")
    for menu in ("#calls", "#menu"):
        page.locator(f"{menu} summary").click()
        assert _violations(page) == [], menu


@pytest.mark.parametrize("path", PAGES)
def test_the_focus_is_seen(page, path):
    """Whatever the Tab key reaches is marked, and the first thing it reaches is the way past the header."""
    _open(page, path)
    page.evaluate("document.activeElement.blur()")
    unmarked = []
    for step in range(MOST_STEPS):
        page.keyboard.press("Tab")
        found = page.evaluate(UNMARKED)
        if found is None:  # beyond the last one
            break
        if step == 0 and page.locator("header").count():
            assert page.evaluate("document.activeElement.className") == "skip"
        unmarked.append(found)
    assert [each for each in unmarked if each] == []

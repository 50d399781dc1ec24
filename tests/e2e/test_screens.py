"""What the board's screens do in a real browser: filters, calls, colours, roles, comments, the search."""

import re

import pytest
from playwright.sync_api import Page, expect

from schemas.events import AlertSubject
from tests.e2e.conftest import VIEWER, until
from tests.made_read_model import alert, hear, rollup, store_rollups
from tests.unit.readmodel.test_search import HOUR

pytestmark = pytest.mark.servers

# Records what the page asks of the browser; headless Chromium shows no notification and plays no sound.
RECORDER = """
window.shown = [];
window.Notification = class {
  static permission = "granted";
  static requestPermission = async () => "granted";
  constructor(title, options) { window.shown.push({ title, ...options, open: true }); this.at = window.shown.at(-1); }
  close() { this.at.open = false; }
};
window.notes = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...rest) { window.notes += 1; return start.apply(this, rest); };
"""


# A browser notes when a page may not sound before somebody has pressed something; the board says so itself.
NO_SOUND_YET = "The AudioContext was not allowed to start"


def _row(page: Page, fingerprint: str):
    return page.locator(f'.alert[data-fingerprint="{fingerprint}"]')


@pytest.fixture(autouse=True)
def _empty(stage):
    """Each test begins with nothing open."""
    stage.empty()


def test_filters_stand_in_the_address(seen, stage):
    """They narrow what is there and what comes, a link opens the same view, going back undoes them one by one."""
    heparin = AlertSubject(pump="P-c", drug="Heparin", unit="units/h", typed=1200.0)
    stage.show(
        alert("a"), alert("b", severity="warning", care_area="SICU"), alert("c", severity="info", subject=heparin)
    )
    page = seen.logged_in()
    expect(page.locator(".alert")).to_have_count(3)
    expect(page.locator("#filters [name=care_area]")).to_contain_text("SICU (1)")
    page.locator("#filters [name=care_area]").select_option("MICU")
    expect(page.locator(".alert")).to_have_count(2)
    page.get_by_role("button", name="critical").click()
    expect(page.locator(".alert")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/\?care_area=MICU&severity=critical$"))
    expect(page.locator("#narrowed")).to_contain_text("1 of 3 open alerts fit the filters.")
    expect(page.locator("#count-critical")).to_have_text("1")
    expect(page.locator("#count-info")).to_have_text("1")

    stage.show(alert("d", care_area="SICU"), alert("e"))
    expect(_row(page, "e")).to_be_visible()
    expect(_row(page, "d")).to_have_count(0)
    stage.show(alert("a", revision=2, severity="warning"))
    expect(_row(page, "a")).to_have_count(0)

    again = page.context.new_page()
    again.goto(page.url)
    expect(_row(again, "e")).to_be_visible()
    expect(again.locator(".alert")).to_have_count(1)
    expect(again.get_by_role("button", name="critical")).to_have_attribute("aria-pressed", "true")
    expect(again.locator("#filters [name=care_area]")).to_have_value("MICU")

    page.go_back()
    expect(page.locator(".alert")).to_have_count(3)
    expect(page.locator("#filters [name=care_area]")).to_have_value("MICU")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".alert")).to_have_count(5)
    expect(page).to_have_url(f"{stage.url}/")
    assert page.evaluate("document.activeElement !== document.body")


def test_filters_by_keyboard(seen, stage):
    """A severity and a drug are chosen without a pointer, and cleared again."""
    stage.show(alert("a"), alert("b", severity="warning"))
    page = seen.logged_in()
    expect(page.locator(".alert")).to_have_count(2)
    page.get_by_role("button", name="warning").focus()
    page.keyboard.press("Space")
    expect(page.locator(".alert")).to_have_count(1)
    expect(page.locator("#filters [name=drug]")).to_contain_text("Norepinephrine (2)")
    page.locator("#filters [name=drug]").focus()
    page.keyboard.press("ArrowDown")
    expect(page).to_have_url(re.compile("severity=warning&drug=Norepinephrine"))
    page.get_by_role("button", name="Clear filters").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".alert")).to_have_count(2)


def test_a_new_critical_alert_calls_once(seen, stage):
    """Whoever asked for it is notified and hears a tone: not of what stood before, of a warning or of a test."""
    stage.show(alert("before", test=False))
    page = seen.open()
    page.context.add_init_script(RECORDER)
    page.reload()
    page = _log_in(page)
    page.locator("#calls summary").click()
    page.get_by_label("Notify me, with a tone").check()
    expect(page.locator("#calls-text")).to_have_text("Sound on")
    until(page, "window.notes === 2")  # the example
    stage.show(alert("warning", severity="warning", test=False), alert("test"), alert("before", revision=2, test=False))
    stage.show(alert("new", test=False))
    until(page, "window.shown.length === 1 && window.notes === 4")
    (shown,) = page.evaluate("window.shown")
    assert (shown["title"], shown["tag"], shown["open"]) == ("Dose entry: P-new", "new", True)
    assert shown["body"].startswith("critical: Norepinephrine, typed 80 mcg/min, probably meant 8")
    stage.show(alert("new", revision=2, test=False))
    stage.show(alert("new", revision=3, test=False, state="acknowledged", by="somebody"))
    until(page, "window.shown[0].open === false")
    page.get_by_role("button", name="Mute for 10 minutes").click()
    expect(page.locator("#calls-text")).to_contain_text("Muted until")
    page.get_by_label("Of test alerts too").check()
    stage.show(alert("tested"))
    until(page, "window.shown.length === 2")
    assert page.evaluate("window.notes") == 4
    page.reload()
    expect(page.locator("#calls-text")).to_contain_text("Muted until")
    expect(page.locator(".alert")).to_have_count(5)
    assert page.evaluate("window.shown") == []
    _forgive(seen)


def test_a_call_is_not_lost_to_a_filter(seen, stage):
    """Who looks at warnings is called for a critical alert all the same."""
    page = seen.open()
    page.context.add_init_script(RECORDER)
    page.goto("/?severity=warning")
    page = _log_in(page)
    page.evaluate("localStorage.setItem('call', 'on')")
    page.reload()
    page.locator('#alerts[aria-busy="false"]').wait_for()
    stage.show(alert("hidden", test=False))
    until(page, "window.shown.length === 1")
    expect(page.locator(".alert")).to_have_count(0)
    _forgive(seen)


def _forgive(seen) -> None:
    seen.complaints[:] = [each for each in seen.complaints if not each.startswith(NO_SOUND_YET)]


def _log_in(page: Page) -> Page:
    page.get_by_label("User").fill("biomed")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    page.locator('#alerts[aria-busy="false"]').wait_for()
    return page


def test_blocked_notifications_are_told(seen):
    """The browser's refusal stands beside the switch."""
    page = seen.logged_in()
    page.evaluate("() => { Object.defineProperty(Notification, 'permission', {value: 'denied'}) }")
    page.locator("#calls summary").click()
    page.get_by_label("Notify me, with a tone").check()
    expect(page.locator("#calls-trouble")).to_contain_text("The browser blocks notifications of this page")


def test_colours_are_chosen_and_stay(seen):
    """The choice outlives a reload, is there before anything is drawn, and the system's is followed without one."""
    page = seen.logged_in(color_scheme="light")
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "light"
    page.locator("#menu summary").click()
    page.get_by_label("Dark").check()
    assert page.evaluate(theme) == "dark"
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.context.add_init_script(
        "document.addEventListener('DOMContentLoaded', () => { window.early = document.documentElement.dataset.theme })"
    )
    page.reload()
    assert page.evaluate("window.early") == "dark"
    page.locator("#menu summary").click()
    expect(page.get_by_label("Dark")).to_be_checked()
    page.get_by_label("As the system").check()
    assert page.evaluate(theme) == "light"
    page.emulate_media(color_scheme="dark")
    until(page, f"{theme} === 'dark'")
    page.emulate_media(media="print", color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


def test_a_viewer_is_offered_no_action(seen, stage):
    """Buttons that would be refused are not there; everything else is."""
    stage.show(alert("a"))
    page = seen.logged_in(user=VIEWER)
    _row(page, "a").locator(".unfold").click()
    expect(_row(page, "a").get_by_role("link", name="Open the whole story")).to_be_visible()
    for name in ("Acknowledge", "Resolve", "Add comment"):
        expect(_row(page, "a").get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("link", name="Accounts")).to_have_count(0)
    answer = page.evaluate(
        """async () => (await fetch("/api/alerts/a/actions", {method: "POST",
            headers: {"Content-Type": "application/json",
                      "X-CSRF-Token": document.querySelector("meta[name=csrf-token]").content},
            body: '{"action": "acknowledge"}'})).status"""
    )
    assert answer == 403
    assert stage.publisher.actions == []
    seen.complaints.clear()  # a browser notes every 403 itself


def test_a_comment_goes_with_an_action_or_alone(seen, stage):
    """What was typed is sent with an acknowledgement, or by itself, and the field is empty afterwards."""
    stage.show(alert("a"), alert("b"))
    page = seen.logged_in()
    for fingerprint in ("a", "b"):
        _row(page, fingerprint).locator(".unfold").click()
        _row(page, fingerprint).get_by_role("textbox", name="Comment").fill(f"said of {fingerprint}")
    _row(page, "a").locator(".act").press("Enter")
    _row(page, "b").get_by_role("textbox", name="Comment").press("Enter")
    for fingerprint in ("a", "b"):
        expect(_row(page, fingerprint).get_by_role("textbox", name="Comment")).to_have_value("")
    done = {(each.fingerprint, each.action, each.comment) for each in stage.publisher.actions}
    assert done == {("a", "acknowledge", "said of a"), ("b", "comment", "said of b")}
    stage.show(alert("b", revision=2, by="biomed", comment="said of b"))
    expect(_row(page, "b")).to_contain_text("biomed: said of b")
    expect(_row(page, "b").locator(".act")).to_have_text("Acknowledge")


def test_escalation_and_flapping_are_told(seen, stage):
    """When nobody answered and how often an alert came back stands on its row."""
    at = alert("a").since
    stage.show(
        alert("late", unanswered_since=at, escalated_at=at),
        alert("loose", reopenings=4, reopened_at=at, quiet_since=at),
    )
    page = seen.logged_in()
    expect(_row(page, "late")).to_contain_text(
        re.compile(r"Escalated at \d\d:\d\d: nobody has acknowledged it since \d\d:\d\d")
    )
    expect(_row(page, "loose")).to_contain_text(
        re.compile(r"Came back 4 times, last at \d\d:\d\d; nothing wrong since \d\d:\d\d")
    )


def test_a_row_leads_to_what_it_is_about(seen, stage):
    """Names may hold slashes and spaces."""
    stage.show(alert("dose/1 2", pump="P/1", care_area="Ward 3/4", hospital="St. Mary's"))
    page = seen.logged_in()
    row = page.locator(".alert")
    row.locator(".unfold").click()
    hrefs = row.locator(".where a, .details a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert hrefs == [
        "/pumps/P%2F1", "/care-areas/St.%20Mary's/Ward%203%2F4", "/alerts/dose%2F1%202", "/drugs/Norepinephrine",
    ]  # fmt: skip


def test_a_link_in_the_table_of_hospitals_stays_in_place(seen, stage):
    """Its counts change under the pointer, the link does not, so that no press is lost."""
    stage.show(alert("a"))
    page = seen.logged_in()
    link = page.locator("#hospitals a", has_text="North")
    expect(link).to_be_visible()
    link.evaluate("link => { link.kept = true }")
    stage.show(alert("b"), alert("c", hospital="Abbey"))
    expect(page.locator("#hospitals tr")).to_have_count(2)
    expect(page.locator("#hospitals tr", has_text="North").locator("td").first).to_have_text("2")
    assert link.evaluate("link => link.kept")
    assert page.locator("#hospitals a").all_text_contents() == ["Abbey", "North"]


def test_the_search_finds_while_one_types(seen, stage):
    """Each find is a link to its page; the address keeps what was searched for."""
    stage.run(hear(stage.redis, "North", "ICU-17", "online"))
    stage.run(store_rollups(stage.redis, rollup("North", HOUR)))
    stage.show(alert("a"))
    page = seen.logged_in()
    page.keyboard.press("/")
    page.keyboard.type("icu")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="ICU-17")).to_have_attribute("href", "/pumps/ICU-17")
    expect(page.get_by_role("link", name="MICU")).to_have_attribute("href", "/care-areas/North/MICU")
    expect(page.get_by_role("link", name=re.compile("Dose entry"))).to_have_attribute("href", "/alerts/a")
    page.get_by_role("searchbox").fill("levophed")
    expect(page.get_by_role("link", name="norepinephrine")).to_have_attribute("href", "/drugs/norepinephrine")
    expect(page).to_have_url(re.compile(r"/search\?q=levophed$"))
    page.get_by_role("searchbox").fill("zzz <b>")
    expect(page.locator("#told")).to_have_text("Nothing is called “zzz <b>” or says so.")

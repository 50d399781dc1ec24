"""The board in a real browser on the whole platform: keys on a pump in, a slip on the screen, an answer back."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from schemas.codec import decode
from schemas.events import AlertAction, AuditEvent
from schemas.topics import ALERT_ACTIONS, AUDIT, KEYSTROKES
from tests.e2e.conftest import PASSWORD, USER
from tests.integration.stream import eventually, whole

pytestmark = pytest.mark.servers

CONTRAST = Path(__file__).with_name("contrast.js").read_text()


def _row(page: Page, pump: str):
    return page.locator(".alert", has=page.locator(".where", has_text=pump))


def test_a_wrong_password_does_not_enter(screens):
    """The answer is the same for a wrong user; the right password enters."""
    page = screens.open()
    for user, password in ((USER, "wrong horse"), ("nobody", PASSWORD)):
        page.get_by_label("User").fill(user)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_have_text("User or password is wrong.")
        assert page.context.cookies() == []
        expect(page.locator(".alert")).to_have_count(0)
    page.get_by_label("User").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Firing")).to_be_visible()
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    # A browser notes every 401 itself.
    assert all("401" in complaint for complaint in screens.complaints)
    screens.complaints.clear()


def test_no_page_and_no_api_answers_without_a_login(screens, platform):
    """Every page leads to the login, every API says 401, and neither shows anything of an alert."""
    pump = platform.alert()
    expect(_row(screens.logged_in(), pump)).to_be_visible()
    page = screens.open()
    for path in ("/", "/?hospital=North", "/anything"):
        page.goto(path)
        assert page.url.startswith(f"{platform.url}/login")
    for path in ("/api/alerts", "/api/fleet", "/api/pipeline", "/api/session", "/api/stream", "/static/board.js"):
        answer = page.context.request.get(path)
        assert (answer.status, answer.json()) == (401, {"error": "Log in first."})
    answer = page.context.request.post("/api/alerts/x/actions", data={"action": "acknowledge"})
    assert answer.status == 401


def test_an_alert_arrives_is_acknowledged_and_stays_so(screens, platform):
    """Typed, meant, slip, likelihood and harm are shown; the acknowledgement is an event and outlives a reload."""
    page, other = screens.logged_in(), screens.logged_in()
    pump = platform.alert()
    row = _row(page, pump)
    expect(row).to_be_visible()
    expect(row).to_contain_text("Critical")
    expect(row).to_contain_text("Insulin regular · rate")
    expect(row.locator(".values")).to_have_text(re.compile(r"typed\s+55\s*→\s*meant\s+5\s+units/h"))
    expect(row).to_contain_text("key bounced")
    expect(row.locator(".risk")).to_contain_text("likely wrong")
    expect(row.locator(".risk")).to_contain_text("life-threatening")
    expect(row.locator(".where")).to_contain_text("MICU · North")
    expect(row.locator(".chip")).to_have_text("test")
    expect(page.get_by_text("Simulated data")).to_be_visible()
    expect(page.locator("#said-urgently")).to_contain_text(
        "critical: Insulin regular, typed 55 units/h, probably meant 5"
    )

    page.wait_for_timeout(500)  # a press right after the list moved is taken for a slip
    row.get_by_role("button", name="Acknowledge").click()
    expect(row.get_by_role("button", name=re.compile("acknowledging|Resolve"))).to_be_visible()
    for screen in (page, other):
        acknowledged = screen.locator("#acknowledged .alert", has_text=pump)
        expect(acknowledged).to_contain_text(f"Acknowledged by {USER}")

    (record,) = [record for record in whole(platform.kafka, ALERT_ACTIONS) if record.key() == pump.encode()]
    (entry,) = [record for record in whole(platform.kafka, KEYSTROKES) if record.key() == pump.encode()]
    assert record.partition() == entry.partition()
    assert dict(record.headers())["ce_type"] == b"pump.alert-action.v1"
    action = decode(AlertAction, record.value())
    assert (action.action, action.by, action.pump, action.hospital, action.test) == (
        "acknowledge", USER, pump, "North", True,
    )  # fmt: skip

    def audited() -> list[AuditEvent]:
        return [decode(AuditEvent, record.value()) for record in whole(platform.kafka, AUDIT)]

    def taken_down() -> list[tuple[str, str | None, str]]:
        return [(one.by, one.detail, one.hospital) for one in audited() if one.subject == action.fingerprint]

    eventually(lambda: taken_down() == [(USER, "acknowledge", "North")], 30, "the action is taken down")
    assert {(event.by, event.via) for event in audited() if event.kind == "login"} == {(USER, "password")}

    page.reload()
    expect(page.locator("#acknowledged .alert", has_text=pump)).to_contain_text(f"Acknowledged by {USER}")
    expect(page.locator("#firing .alert", has_text=pump)).to_have_count(0)

    _row(page, pump).get_by_role("button", name="Resolve").first.click()
    for screen in (page, other):
        expect(_row(screen, pump)).to_have_count(0)


def test_by_keyboard_alone(screens, platform):
    """Log in, reach an alert, read its evidence, acknowledge and resolve it, without a pointer; focus is never lost."""
    first, second = platform.alert(), platform.alert()
    page = screens.open()
    expect(page.get_by_label("User")).to_be_focused()  # what is typed before goes nowhere
    page.keyboard.type(USER)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    for pump in (first, second):
        expect(_row(page, pump)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the alerts")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#open")).to_be_focused()  # past the filters too
    page.keyboard.press("Tab")
    expect(page.locator(".alert").first.locator(".unfold")).to_be_focused()
    place = _row(page, first).evaluate("row => [...document.querySelectorAll('.alert')].indexOf(row)")
    for step in range(1, place + 1):
        page.keyboard.press("ArrowDown")
        expect(page.locator(".alert").nth(step).locator(".unfold")).to_be_focused()
    page.keyboard.press("Enter")
    expect(_row(page, first).get_by_text("5 came twice within 38 ms")).to_be_visible()
    for reached in (".where [data-at=pump]", ".where [data-at=care-area]", ".act"):
        page.keyboard.press("Tab")
        expect(_row(page, first).locator(reached)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#acknowledged .alert", has_text=first)).to_be_visible()
    expect(_row(page, first).locator(".act")).to_be_focused()
    expect(_row(page, first).get_by_text("5 came twice within 38 ms")).to_be_visible()
    page.keyboard.press("Enter")
    expect(_row(page, first)).to_have_count(0)
    assert page.evaluate("document.activeElement !== document.body")


def test_on_a_telephone(screens, platform):
    """At 360 px everything is there without scrolling sideways, and buttons are large enough for a thumb."""
    pump = platform.alert(care_area="Cardio-Thoracic Intensive Care Unit 4 North-West")
    page = screens.logged_in(width=360, height=740, has_touch=True)
    expect(_row(page, pump)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    button = _row(page, pump).get_by_role("button", name="Acknowledge").bounding_box()
    assert button["height"] >= 44
    assert button["x"] + button["width"] <= 360
    for name in ("count-critical", "count-online", "count-battery"):
        expect(page.locator(f"#{name}")).to_be_visible()
    expect(page.get_by_role("combobox", name="Hospital")).to_be_visible()
    page.wait_for_timeout(500)
    _row(page, pump).get_by_role("button", name="Acknowledge").tap()
    expect(page.locator("#acknowledged .alert", has_text=pump)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_enough_contrast(screens, platform, scheme):
    """WCAG AA for every text of the login and of the board, folded out, in both colour schemes."""
    pump = platform.alert()
    login = screens.open("/login", color_scheme=scheme)
    assert login.evaluate(CONTRAST) == []
    page = screens.logged_in(color_scheme=scheme)
    _row(page, pump).locator(".unfold").click()
    expect(_row(page, pump).locator(".details")).to_be_visible()
    page.wait_for_function("document.getAnimations().length === 0")  # the highlight of what is new has faded
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is (scheme == "dark")


def test_names_from_outside_are_text(screens, platform):
    """Markup in the name of a drug, an area or a hospital is shown, not obeyed."""
    nasty = "<img src=x onerror=\"document.title='owned'\">"
    page = screens.logged_in()
    pump = platform.alert(drug=nasty, care_area=nasty, hospital="<script>alert(1)</script>")
    row = _row(page, pump)
    expect(row).to_contain_text(f"{nasty} · <script>alert(1)</script>")
    expect(page.locator("#hospitals")).to_contain_text("<script>alert(1)</script>")
    assert page.locator(".alert img, #hospitals script").count() == 0
    page.locator("#hospitals a", has_text="<script>").click()
    expect(page.locator(".alert")).to_have_count(1)
    assert "owned" not in page.title()


def test_one_hospital_at_a_time(screens, platform):
    """The choice stands in the address, filters what comes live, and is undone by going back."""
    south, north = platform.alert(hospital="South"), platform.alert()
    page = screens.logged_in()
    for pump in (south, north):
        expect(_row(page, pump)).to_be_visible()
    page.get_by_role("combobox", name="Hospital").select_option("South")
    expect(_row(page, north)).to_have_count(0)
    expect(_row(page, south)).to_be_visible()
    expect(page).to_have_url(f"{platform.url}/?hospital=South")
    later = platform.alert(hospital="South")
    expect(_row(page, later)).to_be_visible()
    page.reload()
    expect(_row(page, later)).to_be_visible()
    expect(_row(page, north)).to_have_count(0)
    page.get_by_role("combobox", name="Hospital").select_option("")
    expect(_row(page, north)).to_be_visible()
    page.go_back()
    expect(_row(page, north)).to_have_count(0)
    expect(_row(page, later)).to_be_visible()


def test_a_screen_survives_a_restart_of_the_board(screens, platform):
    """It says that the board is away, comes back by itself without a new login, and shows what came meanwhile."""
    page = screens.logged_in()
    platform.board.kill()
    expect(page.locator("#problems")).to_contain_text("The board does not answer.")
    pump = platform.alert()
    platform.start_board()
    expect(_row(page, pump)).to_be_visible()
    expect(page.locator("#problems")).to_be_empty()
    expect(page.locator("#connection")).to_have_text("Live")
    # A browser notes itself that nothing listened.
    assert all("ERR_" in complaint for complaint in screens.complaints)
    screens.complaints.clear()


def test_a_screen_survives_an_outage_of_redis(screens, platform):
    """It says so, a page that is opened then says so too, and both recover by themselves."""
    page = screens.logged_in()
    platform.redis.stop()
    expect(page.locator("#problems")).to_contain_text("Redis does not answer")
    other = page.context.new_page()
    other.goto(platform.url)
    expect(other.get_by_role("heading", name="Redis does not answer")).to_be_visible()
    pump = platform.alert()
    platform.redis.start()
    for screen in (page, other):
        expect(_row(screen, pump)).to_be_visible()
        expect(screen.locator("#problems")).to_be_empty()
    # A browser notes every 503 itself, should a screen ask just then.
    assert all("503" in complaint for complaint in screens.complaints)
    screens.complaints.clear()


def test_logging_out(screens):
    """The board is gone, also by going back, and the login page is there."""
    page = screens.logged_in()
    page.locator("#menu summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert page.context.cookies() == []

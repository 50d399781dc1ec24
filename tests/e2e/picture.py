"""Takes the README's pictures: `python -m tests.e2e.picture docs` writes board.png, alert.png and drug.png.

Everything on it comes through the whole platform from simulated pumps, as `pumpwatch up` starts it.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.conftest import until

PUMPS = 1200
READY_WITHIN_S = 60
ENOUGH_WITHIN_S = 240
# The hospitals' counts have caught up with the list, and no alert is just fading away.
SETTLED = """() => {
  const counted = [...document.querySelectorAll("#hospitals td:nth-child(-n+4)")];
  const total = counted.reduce((sum, cell) => sum + Number(cell.textContent), 0);
  return total === document.querySelectorAll(".alert").length && !document.querySelector(".alert.resolved");
}"""


def main(folder: Path) -> None:
    """Start the demo, wait until there is something to see, take the pictures, and stop the demo."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        ready_file = Path(scratch) / "ready.json"
        command = [sys.executable, "-m", "services.cli", "up", "--pumps", str(PUMPS), "--ready-file", str(ready_file)]
        demo = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + READY_WITHIN_S
            while not ready_file.exists():
                assert time.monotonic() < deadline, "pumpwatch up was not ready in time"
                time.sleep(0.2)
            _take(json.loads(ready_file.read_text()), folder)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(30)


def _take(platform: dict[str, str], folder: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": 1280, "height": 800},
            color_scheme="light",
            locale="en-GB",
            reduced_motion="reduce",
            base_url=platform["board"],
        )
        page.goto("/")
        page.get_by_label("User").fill(platform["user"])
        page.get_by_label("Password").fill(platform["password"])
        page.get_by_role("button", name="Log in").click()
        page.locator('#alerts[aria-busy="false"]').wait_for()
        expect(page.locator("#firing .alert.warning").nth(1)).to_be_visible(timeout=ENOUGH_WITHIN_S * 1000)
        expect(page.locator("#firing .alert.critical").nth(2)).to_be_visible(timeout=ENOUGH_WITHIN_S * 1000)
        links = [
            page.locator(f'#firing .alert.critical a[href^="/{kind}/"]').first.get_attribute("href")
            for kind in ("alerts", "drugs")
        ]
        _unfold(page)
        page.screenshot(path=folder / "board.png")
        for name, link, height in zip(("alert", "drug"), links, (1000, 1100), strict=True):
            page.set_viewport_size({"width": 1280, "height": height})
            page.goto(link or "")
            page.locator('[aria-busy="true"]').wait_for(state="hidden")
            page.locator("canvas").first.wait_for()
            page.screenshot(path=folder / f"{name}.png")
        browser.close()


def _unfold(page: Page) -> None:
    """Show the evidence of the second alert, and wait until nothing changes for a moment."""
    page.locator("#firing .alert").nth(1).locator(".unfold").focus()
    page.keyboard.press("Enter")
    page.evaluate("document.activeElement.blur()")
    until(page, SETTLED)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

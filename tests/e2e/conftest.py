"""A whole platform, Apache Kafka, Redis, a worker and the board, and a real browser in front of it."""

import contextlib
import re
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from schemas.events import KeyPress, KeystrokeEvent
from services.board.accounts import Account
from services.embedded.ports import LOOPBACK, free_port
from tests.e2e.stage import Stage
from tests.integration.stream import publish
from tests.made_events import entry
from tests.servers.kafka import require
from tests.servers.processes import ServerProcess
from tests.servers.redis_server import RedisServer
from tests.servers.worker import Worker

USER, PASSWORD = "biomed", "correct horse battery"
VIEWER = "looker"
# What a person sees within a second may take a loaded machine much longer; playwright alone would allow 5 s.
WITHIN_MS = 30_000
expect.set_options(timeout=WITHIN_MS)


def bounced(pump: str, number: int = 1, **changes: Any) -> KeystrokeEvent:
    """55 units/h of insulin instead of 5, by a key that bounced: an error beyond doubt."""
    keys = [KeyPress(k="5", t=0, hold=220), KeyPress(k="5", t=38, hold=30)]
    fields = {"drug": "Insulin regular", "unit": "units/h", "field": "rate", "previous": 5.0, "keys": keys}
    return entry(pump, number, "55", **(fields | {"hospital": "North"} | changes))


@dataclass
class Platform:
    """Where the parts of the platform are."""

    kafka: str
    redis: RedisServer
    worker: Worker
    board: ServerProcess
    url: str
    pumps: int = 0

    def alert(self, **changes: Any) -> str:
        """Let a new pump send an entry that raises an alert; returns the pump."""
        self.pumps += 1
        pump = f"PUMP-{self.pumps:03d}"
        publish(self.kafka, [bounced(pump, **changes)])
        return pump

    def start_board(self) -> None:
        """Start the board and wait until it answers."""
        self.board.launch()
        self.board.wait_until(self._answers, 60)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/login", timeout=1):  # noqa: S310 (our own board)
                return True
        except OSError:
            return False


@pytest.fixture(scope="module")
def platform(topics: str, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Everything but pumps."""
    folder = tmp_path_factory.mktemp("platform")
    worker = Worker("worker", topics, redis_server.url, folder / "worker", {})
    port = free_port()
    env = {
        "PUMPWATCH_KAFKA": topics,
        "PUMPWATCH_REDIS": redis_server.url,
        "PUMPWATCH_BOARD_USER": USER,
        "PUMPWATCH_BOARD_PASSWORD": PASSWORD,
    }
    command = [sys.executable, "-m", "services.cli", "board", "--port", str(port)]
    board = ServerProcess("board", command, folder / "board.log", env)
    started = Platform(topics, redis_server, worker, board, f"http://{LOOPBACK}:{port}")
    try:
        worker.process.launch()
        started.start_board()
        worker.wait_ready()
        yield started
    finally:
        board.kill()
        worker.kill()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    require("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


def until(page: Page, expression: str) -> None:
    """Wait for something in a page; Playwright's own way evaluates text in it, which the board's policy forbids."""
    deadline = time.monotonic() + WITHIN_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never true: {expression}"
        page.wait_for_timeout(50)


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path:
    """Where the pages of a test are kept as they looked at its end: build/screenshots, for whoever builds."""
    name = re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")
    folder = request.config.rootpath / "build" / "screenshots" / request.node.path.stem / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Screens:
    """Opens pages and collects whatever a browser complains about."""

    def __init__(self, browser: Browser, url: str, pictures: Path) -> None:
        self._browser = browser
        self._url = url
        self._pictures = pictures
        self._pages: list[Page] = []
        self.complaints: list[str] = []

    def open(self, path: str = "/", *, width: int = 1280, height: int = 800, **options: Any) -> Page:
        """A page of its own browser profile."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, base_url=self._url, locale="en-GB", **options
        )
        context.set_default_timeout(WITHIN_MS)
        page = context.new_page()
        page.on("console", lambda said: said.type in {"error", "warning"} and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path)
        self._pages.append(page)
        return page

    def logged_in(self, path: str = "/", *, user: str = USER, **options: Any) -> Page:
        """A page, the board unless told, after a login."""
        page = self.open(path, **options)
        page.get_by_label("User").fill(user)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.locator("#menu").wait_for()
        if page.locator("#alerts").count():
            page.locator('#alerts[aria-busy="false"]').wait_for()
        return page

    def close(self) -> None:
        """Keep a picture of each page and close all."""
        for number, page in enumerate(self._pages):
            with contextlib.suppress(Exception):
                page.screenshot(path=self._pictures / f"page{number}.png")
            page.context.close()


@pytest.fixture(scope="module")
def stage(redis_url: str) -> Iterator[Stage]:
    """A board that tests fill, with an admin and a viewer."""
    accounts = [Account.create(USER, PASSWORD), Account.create(VIEWER, PASSWORD, role="viewer")]
    started = Stage(redis_url, *accounts)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def seen(chromium: Browser, stage: Stage, pictures: Path) -> Iterator[Screens]:
    """Screens on the stage; at the end the browser must not have complained."""
    opened = Screens(chromium, stage.url, pictures)
    try:
        yield opened
        assert opened.complaints == []
    finally:
        opened.close()


@pytest.fixture
def screens(chromium: Browser, platform: Platform, pictures: Path) -> Iterator[Screens]:
    """Screens on the board; at the end the browser must not have complained."""
    opened = Screens(chromium, platform.url, pictures)
    try:
        yield opened
        assert opened.complaints == []
    finally:
        opened.close()

"""`hxi demo` in a real browser: each SDK makes a session that the tables and a player show."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, sync_playwright

from hxi.demo import command, site
from hxi.demo.server import server
from hxi.demo.site import SCRIPTS, Shop
from stack.embedded import Stack

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
SDK_DIR = Path(os.environ.get("HXI_TEST_SDK_DIR", "sdk/node_modules"))
# posthog-js sends nothing from what calls itself headless or is driven by a program.
ARGUMENTS = ["--no-sandbox", "--disable-blink-features=AutomationControlled"]
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
AGENT += " Safari/537.36"  # without it, it reads as a bot's
# A minute where nothing else runs.
RUN_MS = 240_000
PLAY_MS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if BROWSER is None:
        pytest.skip("no browser is installed: chromium")
    with sync_playwright() as tool:
        started = tool.chromium.launch(executable_path=BROWSER, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def shop(stack: Stack) -> Iterator[str]:
    if missing := site.missing_packages(SDK_DIR):
        pytest.skip(f"{missing[0]} is not in {SDK_DIR}: {site.INSTALL}")
    endpoints = stack.endpoints
    made = Shop(endpoints.ingest_url, endpoints.project_key)
    web = server(0, made, SDK_DIR, lambda sdk: command.told(endpoints, sdk))
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    thread.join()
    web.server_close()


def visit(browser: Browser, address: str) -> None:
    """Four clicks on what is broken, one on what throws, a purchase; then the page is left."""
    context = browser.new_context(
        locale="en-GB", viewport={"width": 1280, "height": 800}, user_agent=AGENT
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_timeout(1_500)
    for _ in range(4):
        page.click("#broken", delay=20)
        page.wait_for_timeout(150)
    page.wait_for_timeout(1_200)
    page.click("#boom")
    page.wait_for_timeout(800)
    page.click("#n-product")
    page.click("#add")
    page.wait_for_timeout(500)
    page.click("#n-checkout")
    page.fill("#email", "jane@example.com")
    page.click("#send")
    page.wait_for_timeout(4_000)
    page.goto("about:blank")
    page.wait_for_timeout(500)
    context.close()


def test_each_sdk_makes_a_session_that_is_shown_and_played(browser: Browser, shop: str) -> None:
    told: dict[str, str] = {}
    page = browser.new_page()
    for sdk in SCRIPTS:
        visit(browser, f"{shop}/{sdk}/")
    for sdk in SCRIPTS:
        page.goto(f"{shop}/session?sdk={sdk}")
        page.wait_for_selector("body[data-ready=yes]", timeout=RUN_MS)
        told[sdk] = page.inner_text("body")
        if sdk in ("posthog", "rrweb"):
            page.wait_for_selector("body[data-played=yes]", timeout=PLAY_MS)
            if folder := os.environ.get("HXI_TEST_SCREENSHOTS"):
                page.screenshot(path=f"{folder}/demo-{sdk}.png", full_page=True)
    for sdk, text in told.items():
        assert f"/{sdk}/product" in text, text
        assert f"/{sdk}/checkout" in text, text
    for sdk in ("posthog", "rrweb"):
        assert "rage_click" in told[sdk], told[sdk]
        assert "error_click" in told[sdk], told[sdk]


def test_without_the_packages_the_command_says_how_to_install_them(tmp_path: Path) -> None:
    result = CliRunner().invoke(command.demo, ["--sdk-dir", str(tmp_path)])
    assert "npm install --prefix sdk posthog-js" in str(result.exception)

"""`hxi demo` in a real browser: each SDK makes a session that the tables and a player show."""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, sync_playwright

from hxi.demo import command, site
from hxi.demo.server import server
from hxi.demo.site import SDKS, Shop
from stack.embedded import Stack

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
SDK_DIR = Path(os.environ.get("HXI_TEST_SDK_DIR", "sdk/node_modules"))
DOCUMENT = Path("docs/sdks.md")
# A browser that calls itself headless is a bot here, and of one that a program drives posthog-js
# sends nothing: this one says what a person's browser says, in all that it sends.
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-blink-features=AutomationControlled",
    f"--user-agent={AGENT} Safari/537.36",
]
# A minute where nothing else runs; ten where all does.
RUN_MS = 600_000
PLAY_MS = 60_000
RECORDED = ("posthog", "rrweb")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if BROWSER is None:
        pytest.skip("no browser is installed: chromium")
    with sync_playwright() as tool:
        started = tool.chromium.launch(executable_path=BROWSER, args=ARGUMENTS)
        yield started
        started.close()


@dataclass(frozen=True)
class PastedShop(Shop):
    """Its rrweb is pasted as the documents say; the others are the demo's."""

    def page(self, sdk: str, name: str) -> str:
        page = super().page(sdk, name)
        if sdk != "rrweb":
            return page
        snippet = pasted().replace("https://ingest.example", self.door).replace("gs_…", self.key)
        head, _, rest = page.partition("<script src")
        return head + snippet + rest[rest.index("<nav>") :].rpartition("<script>")[0]


def pasted() -> str:
    """What the documents say to paste, with the scripts where the shop has them."""
    (snippet,) = re.findall(r"```html\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    for path in site.SCRIPTS["rrweb"]:
        place = f'src="/{Path(path).name}"'
        assert place in snippet
        snippet = snippet.replace(place, f'src="/sdk/{path}"')
    return str(snippet)


@pytest.fixture
def shop(stack: Stack) -> Iterator[str]:
    if missing := site.missing_packages(SDK_DIR):
        pytest.skip(f"not in {SDK_DIR}: {site.install(missing)}")
    endpoints = stack.endpoints
    made = PastedShop(endpoints.ingest_url, endpoints.project_key)
    web = server(0, made, SDK_DIR, lambda sdk: command.told(endpoints, sdk))
    yield from _served(web)


def _served(web: ThreadingHTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    thread.join()
    web.server_close()


def visit(browser: Browser, address: str) -> None:
    """Four clicks on what is broken, one on what throws, a purchase; then the page is left."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(address)
    page.wait_for_timeout(1_000)
    for _ in range(4):
        page.click("#broken", delay=20)
        page.wait_for_timeout(150)
    page.wait_for_timeout(1_200)
    page.click("#boom")
    page.wait_for_timeout(800)
    page.click("#n-product")
    page.wait_for_timeout(1_000)
    page.click("#add")
    page.wait_for_timeout(500)
    page.click("#n-checkout")
    page.wait_for_timeout(1_000)
    page.fill("#email", "jane@example.com")
    page.click("#send")
    page.wait_for_timeout(2_000)
    page.goto("about:blank")
    page.wait_for_timeout(500)
    context.close()


@pytest.fixture
def told(browser: Browser, shop: str) -> dict[str, str]:
    """What the page shows of each SDK's session; recordings have played to their end."""
    said: dict[str, str] = {}
    page = browser.new_page()
    for sdk in SDKS:
        visit(browser, f"{shop}/{sdk}/")
    for sdk in SDKS:
        page.goto(f"{shop}/session?sdk={sdk}")
        page.wait_for_selector("body[data-ready=yes]", timeout=RUN_MS)
        said[sdk] = page.inner_text("body")
        if sdk in RECORDED:
            page.wait_for_selector("body[data-played=yes]", timeout=PLAY_MS)
        if folder := os.environ.get("HXI_TEST_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/demo-{sdk}.png", full_page=True)
    return said


@pytest.mark.timeout(1800)
def test_each_sdk_makes_a_session_that_is_shown_and_played(told: dict[str, str]) -> None:
    for sdk, text in told.items():
        assert f"/{sdk}/product" in text, text
        assert f"/{sdk}/checkout" in text, text
    for sdk in RECORDED:
        assert "rage_click" in told[sdk], told[sdk]
        assert "error_click" in told[sdk], told[sdk]


def test_the_demo_has_what_the_documents_say() -> None:
    assert site.PAGES.joinpath("rrweb.js").read_text() in pasted()
    for packages in (site.missing_packages(Path("nowhere"), [sdk]) for sdk in SDKS):
        assert set(packages) <= set(DOCUMENT.read_text().split())


def test_without_the_packages_the_command_says_how_to_install_them(tmp_path: Path) -> None:
    result = CliRunner().invoke(command.demo, ["--sdk-dir", str(tmp_path)])
    assert "npm install --prefix sdk posthog-js" in str(result.exception)

"""The pages in Chromium: no error, no other host, accessible; pictures and replays."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from hxi.admin.endpoints import Endpoints
from tests.e2e.conftest import PlannedWarehouse
from tests.e2e.pages_site import Visitor, served, signed_in

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
WAIT_MS = 60_000
STEPS = "/cart%0A/checkout%0A/checkout/thanks"
PAGES = (
    *("overview", "page", "page?path=/products", "journeys", f"funnel?steps={STEPS}", "sessions"),
    *(
        "issues",
        "errors",
        "latency",
        "changes",
        "health",
        "sessions?had=replay",
        "overview?since=1999-01-01",
    ),
    # Nothing is there.
    *("overview?since=2001-01-01&until=2001-01-02", "sessions?user=nobody", "page?path=/nowhere"),
)
Theme = Literal["light", "dark"]
SCREENS: dict[Theme, ViewportSize] = {
    "light": {"width": 1440, "height": 900},
    "dark": {"width": 390, "height": 844},
}


@dataclass
class Seen:
    """What a browser told while pages were open."""

    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", lambda m: self._note(m.type, m.text))
        context.on("weberror", lambda e: self.errors.append(str(e.error)))
        context.on("request", lambda r: self.hosts.add(urlsplit(r.url).netloc))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.errors.append(text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if BROWSER is None:
        pytest.skip("no browser is installed: chromium")
    with sync_playwright() as tool:
        started = tool.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def visitor(planned_warehouse: PlannedWarehouse, endpoints: Endpoints) -> Iterator[Visitor]:
    with (
        served(endpoints) as base,
        signed_in(base, endpoints, planned_warehouse.project_id) as one,
    ):
        yield one


def opened(browser: Browser, visitor: Visitor, theme: Theme) -> tuple[Page, Seen]:
    """A signed-in page of a theme and its screen, watched from the first request."""
    context = browser.new_context(
        base_url=str(visitor.http.base_url), color_scheme=theme, viewport=SCREENS[theme]
    )
    context.set_default_timeout(WAIT_MS)
    seen = Seen()
    seen.watch(context)
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Login").fill(visitor.login)
    page.get_by_label("Password").fill(visitor.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/overview")
    return page, seen


@pytest.mark.parametrize("theme", SCREENS)
def test_every_page_is_without_fault(browser: Browser, visitor: Visitor, theme: Theme) -> None:
    page, seen = opened(browser, visitor, theme)
    for address in PAGES:
        answer = page.goto(f"/p/{visitor.slug}/{address}")
        assert answer is not None
        assert answer.status == 200, address
        faults = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in faults] == [], address
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, f"{address} is {wider} px wider than the screen"
    page.context.close()
    assert seen.errors == []
    assert seen.hosts == {urlsplit(str(visitor.http.base_url)).netloc}


def test_clicks_lie_over_a_picture_of_the_page(browser: Browser, visitor: Visitor) -> None:
    page, seen = opened(browser, visitor, "light")
    page.goto(f"/p/{visitor.slug}/page?path=/products&period=90d")
    stage = page.locator("[data-stage]")
    expect(stage).to_have_attribute("data-ready", "picture", timeout=WAIT_MS)
    inside = page.frame_locator(".heat__picture")
    expect(inside.locator("#add-to-cart")).to_be_visible()
    assert int(page.locator("canvas").get_attribute("data-spots") or 0) > 20
    for layer in ("Rage", "Dead", "Scroll"):
        page.get_by_role("button", name=layer).click()
        assert page.locator("canvas").get_attribute("data-spots") is not None
    page.context.close()
    assert seen.errors == []


def test_a_replay_plays_and_jumps_to_what_happened(browser: Browser, visitor: Visitor) -> None:
    page, seen = opened(browser, visitor, "light")
    page.goto(f"/p/{visitor.slug}/sessions?had=replay&period=90d&order=longest")
    page.locator("a.session-link").first.click()
    expect(page.locator("[data-session]")).to_have_attribute("data-ready", "yes", timeout=WAIT_MS)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    # A recorder may end before the visit does.
    end = int(page.locator("[data-seek]").get_attribute("max") or 0)
    times = [int(one.get_attribute("data-at") or 0) for one in page.locator(".moment").all()]
    at = max(time for time in times if time <= end)
    page.locator(f'.moment[data-at="{at}"]').first.click()
    page.wait_for_function(
        "at => Number(document.querySelector('[data-seek]').value) >= Math.max(0, at - 1500)",
        arg=at,
    )
    player = page.frame_locator(".player__frame").frame_locator("iframe")
    expect(player.locator("header nav")).to_be_attached()
    page.context.close()
    assert seen.errors == []


def test_the_keyboard_alone_reaches_filters_and_pages(browser: Browser, visitor: Visitor) -> None:
    page, _ = opened(browser, visitor, "light")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the files to download, the first thing in the content
    expect(page.locator(".download")).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(page.locator(".download")).not_to_have_attribute("open", "")
    page.get_by_label("Device").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_url("**device=*")
    assert "device=" in page.url
    page.context.close()

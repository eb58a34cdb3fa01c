"""The pages in Chromium: no error, no other host, accessible; pictures and replays."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.e2e.pages_browser import SCREENS, WAIT_MS, Theme, chromium, opened
from tests.e2e.pages_site import Visitor

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


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


def test_days_that_are_dragged_over_are_shown_alone(browser: Browser, visitor: Visitor) -> None:
    page, seen = opened(browser, visitor, "light")
    chart = page.locator(".trend__box").first
    box = chart.bounding_box()
    assert box is not None
    for part, done in ((0.34, page.mouse.down), (0.66, page.mouse.up)):
        page.mouse.move(box["x"] + part * box["width"], box["y"] + 90)
        done()
    page.wait_for_url("**since=*")
    days = parse_qs(urlsplit(page.url).query)
    assert days.keys() == {"since", "until"}
    # Of the seven days that are shown at first, a third to two thirds: the third to the fifth.
    figure = page.locator("[data-trend]").first.locator("tbody tr")
    expect(figure).to_have_count(3)
    page.context.close()
    assert seen.errors == []

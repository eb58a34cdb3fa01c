"""Pages opened in Chromium by somebody who is signed in."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from tests.e2e.pages_site import Visitor

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
WAIT_MS = 60_000
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


@contextmanager
def chromium() -> Iterator[Browser]:
    """Skips the test where there is none."""
    if BROWSER is None:
        pytest.skip("no browser is installed: chromium")
    with sync_playwright() as tool:
        started = tool.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


def opened(browser: Browser, visitor: Visitor, theme: Theme = "light") -> tuple[Page, Seen]:
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

"""The four questions of docs/pages.md, answered from the pages alone: in how many clicks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import PlannedWarehouse
from tests.e2e.pages_browser import chromium, opened
from tests.e2e.pages_site import Visitor

MOST_CLICKS = 4
CHECKOUT = "/cart\n/checkout\n/checkout/thanks"


@dataclass
class Clicking:
    """Somebody who starts on the overview; `clicks` so far."""

    page: Page
    clicks: int = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1
        assert self.clicks <= MOST_CLICKS


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def somebody(browser: Browser, visitor: Visitor) -> Iterator[Clicking]:
    page, seen = opened(browser, visitor)
    yield Clicking(page)
    page.context.close()
    assert seen.errors == []


def test_which_page_frustrates_most_and_why(somebody: Clicking, visitor: Visitor) -> None:
    worst = visitor.table("overview", table="worst_pages")[0]["path"]
    lede = somebody.page.locator(".lede")
    expect(lede).to_contain_text(f"{worst} frustrates most: ")
    assert somebody.clicks == 0

    somebody.click(lede.get_by_role("link", name=worst))
    expect(somebody.page.get_by_role("heading", level=1)).to_have_text(worst)
    issues = somebody.page.locator("section", has_text="Its issues").locator("li")
    assert issues.count() > 0
    assert somebody.clicks == 1


def test_where_people_leave_the_checkout(somebody: Clicking, visitor: Visitor) -> None:
    steps = [int(row["sessions"]) for row in visitor.table("funnel", steps=CHECKOUT)]
    lost = max(before - after for before, after in pairwise(steps))
    _to_the_checkout(somebody)
    worst = somebody.page.locator(".funnel__worst")
    expect(worst).to_contain_text(f"{lost} lost")
    assert somebody.clicks == 2

    somebody.click(worst.get_by_role("link", name="Where they went instead"))
    expect(somebody.page.locator("#sankey")).to_contain_text("After /c")
    assert somebody.clicks == 3


def test_one_such_visit_is_shown(somebody: Clicking, planned_warehouse: PlannedWarehouse) -> None:
    _to_the_checkout(somebody)
    lost_at = somebody.page.locator(".funnel__worst")
    (left,) = re.findall(r"from=([^&]+)", _address(lost_at, "visits that ended there"))
    somebody.click(lost_at.get_by_role("link", name="visits that ended there"))
    somebody.click(somebody.page.locator("a.session-link").first)
    expect(somebody.page.get_by_role("heading", name="What happened")).to_be_visible()
    session = somebody.page.url.split("?")[0].rsplit("/", 1)[1]
    ((exit_path,),) = planned_warehouse.client.query(
        "SELECT exit_path FROM gosight.sessions WHERE toString(session_id) = {id:String}",
        parameters={"id": session},
    ).result_rows
    assert exit_path == left
    assert somebody.clicks == 4


def test_whether_it_is_better_than_before(
    somebody: Clicking, planned_warehouse: PlannedWarehouse
) -> None:
    """The planned traffic has three days: the newest against the one before."""
    somebody.click(somebody.page.get_by_role("link", name="Last day"))
    (before,), (now,) = planned_warehouse.client.query(
        "SELECT avg(score) FROM gosight.experience_scores WHERE project_id = {project:String}"
        " GROUP BY day ORDER BY day DESC LIMIT 2",
        parameters={"project": planned_warehouse.project_id},
    ).result_rows[::-1]
    change = round(now - before, 1)
    word = "Better than" if change > 0 else "Worse than" if change < 0 else "As good as"
    expect(somebody.page.locator(".lede")).to_contain_text(f"{word} the period before")
    assert somebody.clicks == 1


def _to_the_checkout(somebody: Clicking) -> None:
    somebody.click(somebody.page.get_by_role("link", name="Funnel"))
    somebody.click(somebody.page.get_by_role("link", name="Try /cart, /checkout"))


def _address(of: Locator, name: str) -> str:
    return of.get_by_role("link", name=name).get_attribute("href") or ""

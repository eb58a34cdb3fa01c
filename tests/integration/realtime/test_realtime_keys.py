"""Real-time keys in a real Redis: what ingest writes, what is read, and what a failure costs."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import redis
from click.testing import CliRunner
from gosight.common_pb2 import PageContext, Position, TargetElement, Timestamp
from gosight.events_pb2 import ClickPayload, Event, PageViewPayload
from gosight.ingest_pb2 import EventBatch

from hxi.admin import projects
from hxi.live import live as live_command
from ingest.realtime import keys
from ingest.realtime.facts import facts_of
from ingest.realtime.live import Live, live
from ingest.realtime.writer import Batch, RealTime
from stack.embedded import Stack
from tests.conftest import TestProject
from tests.waiting import until

SHORT_KEYS = {"session", "clicks", "pageviews", "realtime", "ratelimit", "batch"}


@pytest.fixture
def client(stack: Stack) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(stack.endpoints.redis_url, decode_responses=True) as opened:
        yield opened


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def visit(now: int) -> EventBatch:
    """One view and three quick clicks on one spot."""
    session = str(uuid4())
    page = PageContext(url="https://shop.example/cart", path="/cart")

    def event(kind: str, ago: int) -> Event:
        return Event(
            event_id=str(uuid4()),
            session_id=session,
            event_type=f"EVENT_TYPE_{kind}",
            timestamp=Timestamp(millis=now - ago),
            page=page,
        )

    view = event("PAGE_VIEW", 900)
    view.page_view.CopyFrom(PageViewPayload(page_path="/cart"))
    clicks = [event("CLICK", ago) for ago in (600, 400, 200)]
    for click in clicks:
        click.click.CopyFrom(
            ClickPayload(position=Position(x=120, y=70), target=TargetElement(selector="#buy"))
        )
    return EventBatch(events=[view, *clicks])


def send(stack: Stack, key: str, batch: EventBatch) -> None:
    answer = httpx.post(
        f"{stack.endpoints.ingest_url}/v1/events",
        content=batch.SerializeToString(),
        headers={"x-gosight-key": key, "content-type": "application/x-protobuf"},
    )
    assert answer.status_code == 200, answer.text


def seen(client: "redis.Redis", project: str, batches: int) -> Live:
    """The project once so many batches are in Redis."""
    until(lambda: _requests(client, project) >= batches)
    return live(client, project, now_ms())


def _requests(client: "redis.Redis", project: str) -> int:
    names = list(client.keys(f"ratelimit:{project}:*"))
    return sum(int(str(client.get(name))) for name in names)


def test_a_visit_is_live_within_a_moment_and_a_repeated_batch_changes_nothing(
    stack: Stack, project: TestProject, client: "redis.Redis"
) -> None:
    batch = visit(now_ms())
    send(stack, project.key, batch)
    first = seen(client, project.id, 1)
    assert (first.active_sessions, first.sessions_this_hour) == (1, 1)
    assert first.top_pages == [("/cart", 1)]
    assert [spot for spot, _ in first.rage_spots] == ["/cart #buy"]

    send(stack, project.key, batch)
    assert seen(client, project.id, 2) == replace(first, page_views=first.page_views)
    state = client.hgetall(keys.session_state(project.id, batch.events[0].session_id))
    assert {"project_id", "started_at", "last_event_at", "current_url"} <= set(state)
    assert (state["event_count"], state["page_count"]) == ("4", "1")


def test_every_key_ends_by_itself(
    stack: Stack, project: TestProject, client: "redis.Redis"
) -> None:
    send(stack, project.key, visit(now_ms()))
    seen(client, project.id, 1)
    names = list(client.keys(f"*{project.id}*"))
    kinds = {str(name).partition(":")[0] for name in names}
    assert kinds == SHORT_KEYS
    lives = {name: client.ttl(name) for name in names}
    assert all(0 < life <= keys.SESSIONS_SECONDS for life in lives.values()), lives


def test_figures_are_answered_for_a_key_of_the_project_that_may_read(
    stack: Stack, project: TestProject, client: "redis.Redis", postgres: psycopg.Connection[Any]
) -> None:
    send(stack, project.key, visit(now_ms()))
    seen(client, project.id, 1)
    url = f"{stack.endpoints.ingest_url}/v1/projects/{project.id}/live"
    assert httpx.get(url).status_code == 401
    assert httpx.get(url, headers={"x-gosight-key": project.key}).status_code == 401
    reader = projects.add_key(postgres, project.id, permissions=("read",))
    answer = httpx.get(url, headers={"x-gosight-key": reader})
    assert answer.json()["active_sessions"] == 1
    other, _, _ = projects.create(postgres, f"other {uuid4().hex}")
    stranger = projects.add_key(postgres, other, permissions=("read",))
    assert httpx.get(url, headers={"x-gosight-key": stranger}).status_code == 403


def test_the_command_prints_them(stack: Stack, project: TestProject, client: "redis.Redis") -> None:
    send(stack, project.key, visit(now_ms()))
    seen(client, project.id, 1)
    shown = CliRunner().invoke(live_command, [project.slug, "--data-dir", str(stack.folder.path)])
    assert "active sessions   1" in shown.output
    assert "/cart #buy" in shown.output


def test_without_redis_nothing_waits_and_nothing_is_lost_but_real_time() -> None:
    nowhere = RealTime("redis://127.0.0.1:1/0")
    nowhere.start()
    batch = visit(now_ms())
    facts = facts_of(batch.events, now_ms())
    started = time.monotonic()
    for _ in range(100):
        nowhere.add(Batch("p", facts, now_ms()))
    assert time.monotonic() - started < 0.5
    deadline = time.monotonic() + 10
    while nowhere.answers and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not nowhere.answers
    assert nowhere.left_out > 0
    nowhere.stop(0.1)

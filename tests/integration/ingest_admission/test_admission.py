"""Who may send, on a running ingest: limits, domains, revoked and expired keys, and their use."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import httpx
import psycopg
import pytest
import redis
from click.testing import CliRunner, Result
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from gosight.common_pb2 import Timestamp
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch, IngestResponse

from hxi.admin import projects
from hxi.key import key as key_command
from hxi.member import member as member_command
from hxi.project import project as project_command
from hxi.user import user as user_command
from ingest.realtime.keys import api_key
from stack.embedded import Stack
from tests.conftest import TestProject
from tests.waiting import until

Postgres = psycopg.Connection[Any]


def body() -> bytes:
    event = Event(
        event_id=str(uuid4()),
        session_id=str(uuid4()),
        event_type="EVENT_TYPE_PAGE_VIEW",
        timestamp=Timestamp(millis=time.time_ns() // 1_000_000),
    )
    return EventBatch(events=[event]).SerializeToString()


def post(stack: Stack, key: str, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{stack.endpoints.ingest_url}/v1/events",
        content=body(),
        headers={"x-gosight-key": key, "content-type": "application/x-protobuf", **headers},
    )


def run(command: Any, stack: Stack, *arguments: str, **more: Any) -> Result:
    done = CliRunner().invoke(
        command, [*arguments, "--data-dir", str(stack.folder.path)], catch_exceptions=False, **more
    )
    assert done.exit_code == 0, done.output
    return done


def test_a_limit_of_two_lets_few_of_many_through(stack: Stack, project: TestProject) -> None:
    key = run(key_command, stack, "create", project.slug, "--limit", "2").stdout.strip()
    started = time.monotonic()
    answers = [post(stack, key) for _ in range(40)]
    seconds = time.monotonic() - started
    passed = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(passed) + len(refused) == 40
    assert 2 <= len(passed) <= 2 + 2 * seconds + 1
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}


def test_grpc_says_when_to_come_back(
    stack: Stack, postgres: Postgres, project: TestProject
) -> None:
    key = projects.add_key(postgres, project.id, limit=1)
    with grpc.insecure_channel(stack.endpoints.ingest_grpc) as channel:
        send = channel.unary_unary(
            "/gosight.IngestService/SendBatch", response_deserializer=IngestResponse.FromString
        )

        def send_some() -> None:
            for _ in range(5):
                send(body(), metadata=(("x-gosight-key", key),), timeout=20)

        with pytest.raises(grpc.RpcError) as refused:
            send_some()
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    trailers = dict(refused.value.trailing_metadata())
    (detail,) = Status.FromString(trailers["grpc-status-details-bin"]).details
    info = RetryInfo()
    assert detail.Unpack(info)
    assert 0 < info.retry_delay.ToMilliseconds() <= 1000


def test_only_pages_of_the_projects_domains_may_send(stack: Stack, project: TestProject) -> None:
    run(project_command, stack, "domains", project.slug, "shop.example")
    key = run(key_command, stack, "create", project.slug).stdout.strip()
    ours = post(stack, key, origin="https://www.shop.example")
    assert ours.status_code == 200
    assert ours.headers["access-control-allow-origin"] == "https://www.shop.example"
    foreign = post(stack, key, origin="https://evil.example")
    assert foreign.status_code == 403
    assert "access-control-allow-origin" not in foreign.headers
    assert post(stack, key, referer="https://evil.example/page").status_code == 403
    assert post(stack, key).status_code == 200  # no browser


def test_a_revoked_key_ends_within_a_second(stack: Stack, project: TestProject) -> None:
    assert post(stack, project.key).status_code == 200
    run(key_command, stack, "revoke", project.key)
    time.sleep(1.0)
    assert post(stack, project.key).status_code == 401


def test_a_key_ends_when_it_says(stack: Stack, postgres: Postgres, project: TestProject) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    key = projects.add_key(postgres, project.id, expires_at=soon)
    assert post(stack, key).status_code == 200
    time.sleep(2.1)
    assert post(stack, key).status_code == 401


def test_all_ingests_share_what_is_known_of_a_key(stack: Stack, project: TestProject) -> None:
    assert post(stack, project.key).status_code == 200
    name = api_key(projects.hash_key(project.key))
    with redis.Redis.from_url(stack.endpoints.redis_url, decode_responses=True) as client:
        row = client.hgetall(name)
        assert 0 < int(str(client.ttl(name))) <= 300
    assert dict(row)["project_id"] == project.id
    assert dict(row)["permissions"] == "write"


def test_use_of_a_key_is_counted(stack: Stack, postgres: Postgres, project: TestProject) -> None:
    for _ in range(3):
        post(stack, project.key)
    query = "SELECT last_used_at FROM gosight.api_keys WHERE key_hash = %s AND request_count = 3"
    given = (projects.hash_key(project.key),)
    ((used_at,),) = until(lambda: postgres.execute(query, given).fetchall())
    assert abs((datetime.now(UTC) - used_at).total_seconds()) < 30


def test_accounts_become_members_with_a_role(
    stack: Stack, postgres: Postgres, project: TestProject
) -> None:
    email = f"{uuid4().hex}@shop.example"
    secret = "correct horse battery\n"
    run(user_command, stack, "add", email, input=secret * 2)
    run(member_command, stack, "add", project.slug, email.upper(), "--role", "viewer")
    query = (
        "SELECT role::text, password_hash FROM gosight.project_members"
        " JOIN gosight.users ON id = user_id WHERE project_id = %s"
    )
    ((role, stored),) = postgres.execute(query, (project.id,)).fetchall()
    assert role == "viewer"
    assert stored.startswith("$argon2id$")
    run(member_command, stack, "remove", project.slug, email)
    assert postgres.execute(query, (project.id,)).fetchall() == []

"""Privacy on a running ingest: what is masked or filtered reaches no store, and is counted."""

import time
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pymongo
from clickhouse_connect.driver.client import Client
from gosight.common_pb2 import PageContext, TargetElement, Timestamp
from gosight.events_pb2 import ClickPayload, Event
from gosight.ingest_pb2 import EventBatch
from psycopg.types.json import Jsonb

from stack.embedded import Stack
from tests.conftest import TestProject
from tests.waiting import until

SECRET = f"s3cret{uuid4().hex}"
URL = f"https://shop.example/reset?email={SECRET}@x.example&token={SECRET}"


def click(url: str, text: str = "") -> Event:
    return Event(
        event_id=str(uuid4()),
        session_id=str(uuid4()),
        event_type="EVENT_TYPE_CLICK",
        timestamp=Timestamp(millis=time.time_ns() // 1_000_000),
        page=PageContext(url=url, referrer=url),
        click=ClickPayload(target=TargetElement(tag="input", text=text, href=url)),
    )


def configure(postgres: psycopg.Connection[Any], project: str, **settings: Any) -> None:
    postgres.execute(
        "UPDATE gosight.projects SET settings = settings || %s WHERE id = %s",
        (Jsonb(settings), project),
    )


def send(stack: Stack, clickhouse: Client, project: TestProject, *events: Event) -> dict[str, Any]:
    """The batch's row in the ledger."""
    answer = httpx.post(
        f"{stack.endpoints.ingest_url}/v1/events",
        content=EventBatch(events=events).SerializeToString(),
        headers={"x-gosight-key": project.key, "content-type": "application/x-protobuf"},
    )
    assert answer.status_code == 200, answer.text
    batch_id = answer.headers["x-gosight-batch-id"]
    query = "SELECT * FROM raw.ingest_ledger FINAL WHERE batch_id = {batch:UUID}"
    (row,) = until(lambda: list(clickhouse.query(query, {"batch": batch_id}).named_results()))
    return dict(row)


def test_a_url_with_a_token_stands_in_no_store(
    stack: Stack,
    clickhouse: Client,
    mongo: "pymongo.MongoClient[dict[str, Any]]",
    project: TestProject,
) -> None:
    refused = click(URL, SECRET)
    refused.event_id = "no uuid"
    row = send(stack, clickhouse, project, click(URL, SECRET), refused)
    assert (row["received"], row["valid"], row["rejected"]) == (2, 1, 1)
    assert row["privacy"] == {"masked_param": 1, "masked_text": 1}
    for database, table in tables(clickhouse):
        text = clickhouse.raw_query(
            f"SELECT * FROM {database}.{table} WHERE toString(project_id) = %(p)s"
            " FORMAT JSONEachRow",
            {"p": project.id},
        )
        assert SECRET.encode() not in text, f"{database}.{table}"
    documents = mongo["hxi_events_db"]["events"].find({"projectId": project.id})
    assert SECRET not in str(list(documents))


def tables(clickhouse: Client) -> list[tuple[str, str]]:
    """Every table of raw that holds what was sent."""
    return [
        (str(database), str(table))
        for database, table in clickhouse.query(
            "SELECT database, table FROM system.columns WHERE database = 'raw'"
            " AND name = 'project_id'"
        ).result_rows
    ]


def test_what_a_project_turned_off_is_counted_and_not_kept(
    stack: Stack, clickhouse: Client, postgres: psycopg.Connection[Any], project: TestProject
) -> None:
    configure(
        postgres,
        project.id,
        privacy={"blockUrls": ["/admin"]},
        sampling={"sessionSampleRate": 50},
    )
    sampled = [click("https://shop.example/") for _ in range(40)]
    row = send(stack, clickhouse, project, click("https://shop.example/admin"), *sampled)
    counts = row["privacy"]
    assert counts["blocked_url"] == 1
    assert 5 < counts["session_not_sampled"] < 35
    assert row["filtered"] == 1 + counts["session_not_sampled"]
    assert row["received"] == row["valid"] + row["rejected"] + row["filtered"] == 41
    assert row["landed"] == row["valid"]


def test_sdks_are_told_what_to_send(
    stack: Stack, postgres: psycopg.Connection[Any], project: TestProject
) -> None:
    configure(postgres, project.id, sampling={"sessionSampleRate": 10, "replaySampleRate": 5})
    url = f"{stack.endpoints.ingest_url}/v1/config"
    assert httpx.get(url).status_code == 401
    answer = httpx.get(url, headers={"x-gosight-key": project.key})
    assert answer.json()["sampling"] == {"sessionSampleRate": 10, "replaySampleRate": 5}
    assert answer.json()["events"]["mouse"] is True
    assert answer.json()["privacy"]["maskAllInputs"] is True
    assert "max-age" in answer.headers["cache-control"]
    again = httpx.get(
        url,
        headers={"x-gosight-key": project.key, "if-none-match": answer.headers["etag"]},
    )
    assert (again.status_code, again.content) == (304, b"")

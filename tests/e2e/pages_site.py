"""The pages, served on loopback for tests, and people signed in to them."""

import csv
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import uvicorn

from hxi.admin import access, clients
from hxi.admin.endpoints import Endpoints
from pages.app import application
from pages.settings import Settings

STARTS_S = 60


@dataclass(frozen=True)
class Visitor:
    """A BI login that is signed in; `slug` is its project's."""

    http: httpx.Client
    login: str
    password: str
    slug: str
    project_id: str

    def get(self, page: str) -> httpx.Response:
        """A page of the project, by its address below `/p/SLUG/`."""
        return self.http.get(f"/p/{self.slug}/{page}")

    def table(self, page: str, **asked: str) -> list[dict[str, str]]:
        """What a page offers as CSV."""
        answer = self.http.get(
            f"/p/{self.slug}/{page}", params={**asked, "format": "csv"}, timeout=60
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/csv")
        return list(csv.DictReader(io.StringIO(answer.text)))


@contextmanager
def served(endpoints: Endpoints) -> Iterator[str]:
    """The base address of pages over a stack."""
    config = uvicorn.Config(
        application(Settings.of(endpoints, {})), port=0, log_level="error", lifespan="on"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + STARTS_S
        while not server.started:
            assert time.monotonic() < deadline, "the pages did not start"
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def signed_in(
    base: str, endpoints: Endpoints, project_id: str, *, may_change_issues: bool = False
) -> Iterator[Visitor]:
    """A new login of the project, gone at the end."""
    login = f"bi_{uuid4().hex}"
    with clients.postgres(endpoints.postgres_dsn) as owner:
        password = access.grant(owner, login, [project_id], may_change_issues=may_change_issues)
        assert password is not None
        try:
            with httpx.Client(base_url=base, headers={"origin": base}, timeout=60) as http:
                answer = http.post("/login", data={"login": login, "password": password})
                assert answer.status_code == 303, answer.text
                yield Visitor(http, login, password, _slug(owner, project_id), project_id)
        finally:
            access.drop(owner, login)


def _slug(owner: psycopg.Connection[Any], project_id: str) -> str:
    ((slug,),) = owner.execute(
        "SELECT slug FROM gosight.projects WHERE id = %s", (project_id,)
    ).fetchall()
    return str(slug)

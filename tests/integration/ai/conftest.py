"""A project with visits in PostgreSQL as a publish leaves them, and a stand-in of an API."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest

from hxi.admin import projects
from orchestration.ai import claims, queueing
from tests.integration.ai.ai_world import GOOD, Api, Postgres, Visits


@pytest.fixture
def visits(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visits]:
    """Alone in the queue; back-off and leases are over at once."""
    postgres.execute("DELETE FROM traceflow.traceflow_ai_queue")
    postgres.execute("DELETE FROM traceflow.neurorouter_logs")
    monkeypatch.setattr(claims, "FIRST_BACK_OFF_S", 0)
    monkeypatch.setattr(queueing, "PROJECTS", _only_mine())
    project, _, _ = projects.create(postgres, f"ai {uuid4().hex}")
    (owner,) = postgres.execute(
        "INSERT INTO gosight.users (email, password_hash) VALUES (%s, '-') RETURNING id",
        (f"{uuid4().hex}@shop.test",),
    ).fetchall()[0]
    postgres.execute(
        "INSERT INTO gosight.project_members VALUES (%s, %s, 'owner')", (project, owner)
    )
    yield Visits(postgres, project, owner)
    postgres.execute("DELETE FROM hxi.experience_scores WHERE project_id = %s", (project,))
    postgres.execute("DELETE FROM hxi.sessions WHERE project_id = %s", (project,))
    postgres.execute("DELETE FROM traceflow.traceflow_sessions WHERE project_id = %s", (project,))
    postgres.execute("DELETE FROM traceflow.traceflow_ux_issues WHERE project_id = %s", (project,))
    postgres.execute("DELETE FROM traceflow.traceflow_ai_queue WHERE project_id = %s", (project,))


def _only_mine() -> str:
    """Other tests' projects have visits too."""
    return queueing.PROJECTS.replace("ORDER BY", "WHERE name LIKE 'ai %' ORDER BY")


@pytest.fixture
def api() -> Iterator[Api]:
    """Answers well unless it is told otherwise."""
    told = Api()

    class Room(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            told.asked.append((self.path, body, dict(self.headers)))
            answer = told.answers.pop(0) if told.answers else json.dumps(GOOD)
            if isinstance(answer, float):  # too slow: whoever asked has gone
                time.sleep(answer)
                return
            status, text = (answer, "{}") if isinstance(answer, int) else (200, answer)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(_said(self.path, text).encode() if status == 200 else b"{}")

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Room) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        told.url = f"http://127.0.0.1:{server.server_port}"
        yield told
        server.shutdown()
        thread.join()


def _said(path: str, text: str) -> str:
    if path == "/v1/messages":
        usage = {"input_tokens": 1000, "output_tokens": 100}
        return json.dumps({"content": [{"type": "text", "text": text}], "usage": usage})
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    return json.dumps({"choices": [{"message": {"content": text}}], "usage": usage})

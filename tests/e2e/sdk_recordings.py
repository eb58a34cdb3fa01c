"""What SDKs sent on one scripted visit, posted to a running stack as it was but for the key."""

import gzip
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from functools import partial

import httpx

from hxi.admin.endpoints import Endpoints
from tests.conftest import SHARED_DATA
from tests.unit.ingest_formats.sdk_traffic import Call
from tests.waiting import until

SDKS = ("posthog", "rrweb", "segment", "snowplow")
RESTART_SECONDS = 240.0
# A request that is broken is refused; what cannot be taken now is sent again.
ANSWERS = {httpx.codes.OK, httpx.codes.BAD_REQUEST, httpx.codes.SERVICE_UNAVAILABLE}
# Bodies of rrweb and web-vitals are the recorder's own; these are the paths for them here.
PATHS = {"/rr": "/v1/replay", "/vital": "/v1/vitals"}


def recorded_sdks() -> list[str]:
    """Those whose recordings lie beside the checkout."""
    return [name for name in SDKS if (SHARED_DATA / "sdk" / f"{name}.jsonl").is_file()]


def post_recording(url: str, name: str, key: str) -> None:
    """Every request in the order received; each must be taken."""
    with httpx.Client(base_url=url, timeout=60) as client:
        for line in (SHARED_DATA / "sdk" / f"{name}.jsonl").read_text().splitlines():
            one = json.loads(line)
            body, headers = _with_key(name, b64decode(one["body_base64"]), one["headers"], key)
            path = PATHS.get(one["path"], one["path"])
            answer = client.request(one["method"], path, content=body, headers=headers)
            assert answer.status_code == 200, answer.text


def _with_key(
    name: str, body: bytes, headers: dict[str, str], key: str
) -> tuple[bytes, dict[str, str]]:
    """In the place where the SDK puts its own."""
    if name == "posthog":
        plain = gzip.decompress(body)
        return gzip.compress(plain.replace(b"phc_test", key.encode())), headers
    if name == "segment":
        basic = b64encode(f"{key}:".encode()).decode()
        return body.replace(b"wk_test", key.encode()), {
            **headers,
            "authorization": f"Basic {basic}",
        }
    if name == "snowplow":
        return body.replace(b'"aid":"shop"', f'"aid":"{key}"'.encode()), headers
    return body, {**headers, "x-gosight-key": key}


def post_calls(endpoints: Endpoints, calls: Iterable[Call]) -> None:
    """One after the other, as SDKs do."""
    headers = {"x-gosight-key": endpoints.project_key}
    with httpx.Client(base_url=endpoints.ingest_url, headers=headers, timeout=60) as client:
        for call in calls:
            until(partial(_is_taken, client, call), seconds=RESTART_SECONDS)


def _is_taken(client: httpx.Client, call: Call) -> bool:
    try:
        answer = client.post(call.path, content=json.dumps(call.body).encode())
    except httpx.TransportError:
        return False
    assert answer.status_code in ANSWERS, answer.text
    return answer.status_code != httpx.codes.SERVICE_UNAVAILABLE


def wait_landed(endpoints: Endpoints) -> None:
    """Until nothing waits in the spool."""
    health = f"{endpoints.ingest_url}/health"
    until(lambda: not httpx.get(health).json()["spool"]["batches"])

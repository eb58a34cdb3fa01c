"""What `GET /v1/config` answers: the switches, privacy and sampling that an SDK is to keep to."""

import hashlib
from dataclasses import dataclass

import orjson

from ingest.admission.keys import ApiKey
from ingest.privacy.policy import GROUPS, OFF_BY_DEFAULT

MAX_AGE_SECONDS = 300
# What is missing in a project's settings (spec 003 §4.2).
DEFAULTS: dict[str, dict[str, object]] = {
    "events": {group: group not in OFF_BY_DEFAULT for group in GROUPS},
    "privacy": {
        "maskAllInputs": True,
        "maskSelectors": [],
        "blockSelectors": [],
        "blockUrls": [],
        "anonymizeIp": False,
    },
    "sampling": {"sessionSampleRate": 100, "replaySampleRate": 100},
}


@dataclass(frozen=True)
class Config:
    """JSON, and a tag that changes when it does."""

    body: bytes
    etag: str


def config_of(key: ApiKey) -> Config:
    """Of what keys know of their projects: nothing else is asked."""
    stored = orjson.loads(key.settings or b"{}")
    told = {name: {**section, **(stored.get(name) or {})} for name, section in DEFAULTS.items()}
    for group in stored.get("eventsOff") or ():
        told["events"][group] = False
    body = orjson.dumps(told)
    return Config(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')

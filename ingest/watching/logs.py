"""Logs as lines for people or, by HXI_LOG_FORMAT=json, as objects with the ids they are about."""

import logging
import re
from collections.abc import Mapping
from contextvars import ContextVar
from uuid import uuid4

from pythonjsonlogger.json import JsonFormatter

from ingest.errors import SettingsError

FORMAT = "HXI_LOG_FORMAT"
FORMATS = ("text", "json")
TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# Of the request that is being answered; '' outside of one.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
# What a client may call its request: nothing that breaks a line or a header.
GIVEN_ID = re.compile(r"[\w.:/+=-]{1,128}", re.ASCII)


def is_json(environment: Mapping[str, str]) -> bool:
    """SettingsError for a format that is none."""
    chosen = environment.get(FORMAT, "") or FORMATS[0]
    if chosen not in FORMATS:
        raise SettingsError(f"{FORMAT} must be one of {', '.join(FORMATS)}, not {chosen!r}")
    return chosen == "json"


def configure(environment: Mapping[str, str]) -> None:
    """Warnings and worse to standard error; drivers say much below that, down to documents."""
    handler = logging.StreamHandler()
    handler.addFilter(_add_request)
    handler.setFormatter(json_formatter() if is_json(environment) else logging.Formatter(TEXT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def json_formatter() -> logging.Formatter:
    """Time, level, logger and message, and each field that a line was logged with."""
    names = {"levelname": "level", "name": "logger", "exc_info": "error"}
    return JsonFormatter(
        "{levelname}{name}{message}", style="{", timestamp=True, rename_fields=names
    )


def begin_request(given: str) -> str:
    """The id of the request from here on: the client's own, if it is one."""
    request_id = given if GIVEN_ID.fullmatch(given) else uuid4().hex
    REQUEST_ID.set(request_id)
    return request_id


def _add_request(record: logging.LogRecord) -> bool:
    if request_id := REQUEST_ID.get():
        record.request_id = request_id
    return True

"""What a command that stays up says: lines for people, or a JSON object a line (HXI_LOG_FORMAT)."""

import logging
import sys
from collections.abc import Mapping
from typing import Any

import click

from hxi.admin.errors import UserError
from ingest.errors import SettingsError
from ingest.watching.logs import is_json, json_formatter


class Speaker:
    """Says a line; as JSON with what it is about."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """UserError for a format that is none."""
        self._log: logging.Logger | None = None
        self._about: dict[str, Any] = {}
        try:
            if is_json(environment):
                self._log = _json_logger()
        except SettingsError as error:
            raise UserError(str(error)) from error

    def about(self, **facts: object) -> None:
        """What the next line is about."""
        self._about = facts

    def say(self, line: str) -> None:
        """Once, to standard output."""
        about, self._about = self._about, {}
        if self._log is None:
            click.echo(line)
        else:
            self._log.info(line, extra=about)


def _json_logger() -> logging.Logger:
    log = logging.getLogger("hxi.run")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(json_formatter())
    log.handlers = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
    return log

"""What is asked of ingest over HTTP: health, metrics, an SDK's switches, a project now."""

import asyncio
import hmac
from collections.abc import Mapping

from ingest.admission.keys import READ, WRITE
from ingest.doors import live as live_door
from ingest.doors import reply
from ingest.doors.config import config_of
from ingest.doors.health import Health
from ingest.doors.live import LiveDoor
from ingest.errors import UnauthenticatedError
from ingest.intake import Intake
from ingest.watching.metrics import CONTENT_TYPE

CONFIG_PATH = "/v1/config"
METRICS_PATH = "/metrics"
QUESTIONS = ("/health", "/ready", METRICS_PATH, CONFIG_PATH)

Headers = Mapping[str, str]


class Asked:
    """Answers what sends nothing."""

    def __init__(
        self, intake: Intake, health: Health, live: LiveDoor, metrics_token: str = ""
    ) -> None:
        """`metrics_token`: what whoever reads /metrics has to bring; '' lets everybody."""
        self._intake = intake
        self._health = health
        self._live = live
        self._metrics_token = metrics_token

    def knows(self, path: str) -> bool:
        """Whether the path is a question."""
        return path in QUESTIONS or live_door.PATH.fullmatch(path) is not None

    async def answer(self, path: str, headers: Headers) -> reply.Reply:
        """RefusalError for who may not ask."""
        key = headers.get("x-gosight-key", "")
        if live_project := live_door.PATH.fullmatch(path):
            row = await self._intake.key(key, READ)
            return reply.json(200, await self._live.facts(live_project[1], row))
        if path == CONFIG_PATH:
            return reply.configuration(config_of(await self._intake.key(key, WRITE)), headers)
        if path == METRICS_PATH:
            return await self._metrics(headers)
        report = await (self._health.report() if path == "/health" else self._health.readiness())
        return reply.json(200 if report.is_well else 503, report.facts)

    async def _metrics(self, headers: Headers) -> reply.Reply:
        brought = headers.get("authorization", "").encode()
        wanted = f"Bearer {self._metrics_token}".encode()
        if self._metrics_token and not hmac.compare_digest(brought, wanted):
            raise UnauthenticatedError("metrics want the token of HXI_METRICS_TOKEN")
        text = await asyncio.to_thread(self._intake.metrics.text)
        return reply.Reply(200, text, (("content-type", CONTENT_TYPE),))

"""Writes real-time keys behind the answers: never in their way, never a reason to refuse events."""

import logging
import queue
import threading
import time
from dataclasses import dataclass

import redis

from ingest.realtime.facts import Facts
from ingest.realtime.update import SCRIPT, call_of

log = logging.getLogger(__name__)

# Batches that wait; when Redis is slower than events come, the newest are left out.
MAX_WAITING = 10_000
MAX_PIPELINED = 200
# While Redis is down it is asked again so often; what came meanwhile is old and left out.
PAUSE_SECONDS = 2.0
TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Batch:
    """A durable batch; `now` is ms since 1970."""

    project_id: str
    facts: Facts
    now: int


class RealTime:
    """A thread with a queue, from `start` to `stop`. Without an address it does nothing."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: queue.Queue[Batch | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._run, name="realtime", daemon=True)
        self.left_out = 0
        self._answers = bool(url)

    @property
    def is_on(self) -> bool:
        """Whether there is a Redis to write to."""
        return bool(self._url)

    @property
    def answers(self) -> bool:
        """Whether Redis took what was written last."""
        return self._answers

    def start(self) -> None:
        """Begin to write."""
        if self.is_on:
            self._thread.start()

    def stop(self, seconds: float) -> None:
        """Write what waits, for so long."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join(seconds)

    def add(self, batch: Batch) -> None:
        """Returns at once; what does not fit is counted and left out."""
        if not self.is_on:
            return
        try:
            self._waiting.put_nowait(batch)
        except queue.Full:
            self.left_out += 1

    def _run(self) -> None:
        with redis.Redis.from_url(
            self._url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        ) as client:
            update = client.register_script(SCRIPT)
            while batches := self._next():
                self._write(client, update, batches)

    def _next(self) -> list[Batch]:
        """At least one, unless it is over: what waits, up to a pipeline's length."""
        first = self._waiting.get()
        if first is None:
            return []
        batches = [first]
        while len(batches) < MAX_PIPELINED:
            try:
                one = self._waiting.get_nowait()
            except queue.Empty:
                break
            if one is None:  # after this pipeline
                self._waiting.put_nowait(None)
                break
            batches.append(one)
        return batches

    def _write(
        self, client: "redis.Redis", update: "redis.commands.core.Script", batches: list[Batch]
    ) -> None:
        try:
            with client.pipeline(transaction=False) as pipeline:
                for one in batches:
                    names, values = call_of(one.project_id, one.facts, one.now)
                    update(keys=names, args=[values], client=pipeline)
                pipeline.execute()
        except redis.RedisError as error:
            self._fail(error, len(batches))
        else:
            self._recover()

    def _fail(self, error: Exception, batches: int) -> None:
        self.left_out += batches
        if self._answers:
            log.warning("Redis does not answer, real-time figures stand still: %s", error)
        self._answers = False
        time.sleep(PAUSE_SECONDS)

    def _recover(self) -> None:
        if not self._answers:
            log.warning("Redis answers again; %d batches are not in it", self.left_out)
        self._answers = True

"""`python -m ingest`: spool, lander and both doors in one process, until SIGTERM or Ctrl-C."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping

import uvloop

from ingest.admission.admission import Admission
from ingest.admission.key_cache import OWN_SECONDS, SharedKeys
from ingest.admission.keys import Keys, Lookup, PostgresLookup
from ingest.admission.limits import Limits
from ingest.admission.usage import Usage
from ingest.doors.doors import Doors
from ingest.doors.health import Health
from ingest.doors.live import LiveDoor
from ingest.errors import IngestError, SettingsError
from ingest.geo.addresses import networks_of
from ingest.geo.locating import Locator
from ingest.intake import Intake
from ingest.landing.lander import Lander
from ingest.realtime.writer import RealTime
from ingest.settings import Settings, from_environment
from ingest.spool import Spool
from ingest.watching import logs
from ingest.watching.metrics import Metrics
from ingest.watching.state import State
from ingest.watching.traces import TRACES

# With the doors' 8 s less than the 20 s that the stack waits before it kills.
LANDER_SECONDS = 8.0
REALTIME_SECONDS = 1.0


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Exit code: 0 after a stop by signal, 2 for unusable settings, 1 for all else."""
    try:
        settings = from_environment(environment)
        logs.configure(environment)
    except SettingsError as error:
        return _say(error, 2)
    logging.getLogger("ingest").setLevel(settings.log_level)
    TRACES.start("hxi-ingest", environment)
    try:
        with Spool(settings.spool_dir, settings.spool_bytes) as spool:
            uvloop.run(_run(settings, spool))
    except IngestError as error:
        return _say(error, 1)
    finally:
        TRACES.stop()
    return 0


async def _run(settings: Settings, spool: Spool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    lookup = PostgresLookup(settings.postgres_dsn)
    usage, limits = Usage(lookup), Limits(settings.redis_url)
    shared = SharedKeys(settings.redis_url, lookup) if settings.redis_url else None
    keys = _keys(settings, lookup, shared)
    realtime = RealTime(settings.redis_url)
    locator = Locator(settings.geoip_database, networks_of(settings.trusted_proxies))
    admission = Admission(keys, limits, usage)
    metrics = Metrics()
    intake = Intake(admission, spool, realtime=realtime, locator=locator, metrics=metrics)
    lander = Lander(spool, settings, metrics=metrics)
    live = LiveDoor(settings.redis_url)
    try:
        health = Health(spool, lander, lookup.ping, realtime)
        metrics.show(State(health, settings.spool_bytes))
        doors = await Doors.open(settings, intake, health, live)
        lander.start()
        realtime.start()
        usage.start()
        try:
            print(
                f"ingest is open: HTTP on port {doors.http_port}, gRPC on port {doors.grpc_port}",
                flush=True,
            )
            await doors.serve_until(stop)
        finally:
            await asyncio.to_thread(lander.stop, LANDER_SECONDS)
            await asyncio.to_thread(realtime.stop, REALTIME_SECONDS)
    finally:
        intake.close()
        live.close()
        locator.close()
        await usage.stop()
        await limits.close()
        if shared is not None:
            await shared.close()
        await lookup.close()


def _keys(settings: Settings, lookup: Lookup, shared: SharedKeys | None) -> Keys:
    """Where Redis remembers keys for all ingests, this one forgets them soon."""
    if shared is None:
        return Keys(lookup, settings.key_cache_seconds, settings.key_grace_seconds)
    own_seconds = min(OWN_SECONDS, settings.key_cache_seconds)
    return Keys(shared, own_seconds, settings.key_grace_seconds)


def _say(error: Exception, code: int) -> int:
    print(f"ingest: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())

"""`hxi live`: what is going on in a project just now, from Redis."""

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
import redis

from hxi.admin import projects
from hxi.admin.endpoints import resolve
from hxi.admin.errors import StoreDownError, UserError
from hxi.options import data_dir_option, json_option
from hxi.stores import open_postgres
from ingest.realtime.live import Live
from ingest.realtime.live import live as read

TIMEOUT_SECONDS = 5.0
WATCH_SECONDS = 2.0


@click.command()
@click.argument("project", default="default")
@click.option("--watch", is_flag=True, help="Again every 2 seconds, until Ctrl-C.")
@data_dir_option
@json_option
def live(project: str, *, watch: bool, data_dir: Path | None, as_json: bool) -> None:
    """Show active sessions, views a minute, top pages and rage spots of PROJECT."""
    url = resolve(data_dir).redis_url
    if not url:
        raise UserError("no real-time figures without Redis: set HXI_REDIS_URL")
    with open_postgres(data_dir) as connection:
        project_id = projects.find(connection, project)
    with redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        decode_responses=True,
    ) as client:
        _show(_read(client, project_id), as_json=as_json)
        while watch:
            time.sleep(WATCH_SECONDS)
            if not as_json:
                click.clear()
            _show(_read(client, project_id), as_json=as_json)


def _read(client: "redis.Redis", project_id: str) -> Live:
    try:
        return read(client, project_id, time.time_ns() // 1_000_000)
    except redis.RedisError as error:
        raise StoreDownError(f"Redis does not answer ({error}): see `hxi status`") from None


def _show(now: Live, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(now)))
        return
    views = " ".join(str(count) for count in now.page_views)
    click.echo(f"active sessions   {now.active_sessions:,} (5 minutes)")
    click.echo(f"sessions          {now.sessions_this_hour:,} (this hour, about)")
    click.echo(f"views a minute    {views}")
    for path, count in now.top_pages:
        click.echo(f"  {count:>8,}  {path}")
    for spot, at in now.rage_spots:
        click.echo(f"  rage {datetime.fromtimestamp(at / 1000, UTC):%H:%M:%S}  {spot}")

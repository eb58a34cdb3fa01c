"""`hxi key`: add and revoke keys of projects."""

from datetime import UTC, datetime
from pathlib import Path

import click
import redis

from hxi.admin import projects
from hxi.admin.endpoints import resolve
from hxi.options import data_dir_option
from hxi.stores import open_postgres
from ingest.realtime.keys import api_key

TIMEOUT_SECONDS = 2.0
NO_LIMIT = "none"


class Limit(click.ParamType[int | None]):
    """A whole number of batches a second, or `none`."""

    name = "limit"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """None for no limit."""
        text = str(value)
        if text == NO_LIMIT:
            return None
        if not text.isdecimal() or not 0 < int(text) < 1 << 31:
            self.fail(f"{text!r} is neither a number of batches a second nor `none`", param, ctx)
        return int(text)


@click.group()
def key() -> None:
    """Keys: what an SDK sends to say which project its events belong to."""


@key.command()
@click.argument("project")
@click.option("--name", default="Default", help="What the key is for.")
@click.option(
    "--permission",
    "permissions",
    type=click.Choice(["write", "read"]),
    multiple=True,
    default=("write",),
    show_default=True,
    help="write: send events; read: ask what is going on. May be repeated.",
)
@click.option(
    "--limit",
    type=Limit(),
    default=str(projects.DEFAULT_LIMIT),
    show_default=True,
    help="Batches a second, or none.",
)
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="UTC day it no longer works.")
@data_dir_option
def create(
    *,
    project: str,
    name: str,
    permissions: tuple[str, ...],
    limit: int | None,
    expires: datetime | None,
    data_dir: Path | None,
) -> None:
    """Add a key to PROJECT (slug or id) and print it, which is shown only now."""
    with open_postgres(data_dir) as connection:
        added = projects.add_key(
            connection,
            projects.find(connection, project),
            name,
            permissions=permissions,
            limit=limit,
            expires_at=expires.replace(tzinfo=UTC) if expires else None,
        )
    click.echo(added)


@key.command()
@click.argument("prefix")
@data_dir_option
def revoke(prefix: str, data_dir: Path | None) -> None:
    """Switch off the key that starts with PREFIX; ingest forgets it within a second."""
    with open_postgres(data_dir) as connection:
        stored, key_hash = projects.revoke(connection, prefix)
    if not _forgotten(resolve(data_dir).redis_url, key_hash):
        click.echo("Redis does not answer: ingest forgets the key within five minutes", err=True)
    click.echo(f"revoked {stored}…")


def _forgotten(redis_url: str, key_hash: str) -> bool:
    """Take the key out of the cache that all ingests share; False when it cannot be reached."""
    if not redis_url:
        return False
    with redis.Redis.from_url(
        redis_url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    ) as client:
        try:
            client.delete(api_key(key_hash))
        except redis.RedisError:
            return False
    return True

"""Reads what is going on just now: for `GET /v1/projects/{id}/live` and `hxi live`."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import redis

from ingest.realtime import keys

ACTIVE_MS = 5 * keys.MINUTE_MS
TOP_PAGES = 10
TOP_SPOTS = 10
# Of the paths seen within the last minutes, so many of the newest are counted.
MAX_PATHS = 500


@dataclass(frozen=True)
class Live:
    """A project now. `page_views` are views of each of the last five whole or begun minutes,
    oldest first; `top_pages` and `rage_spots` are the most viewed and the newest."""

    active_sessions: int  # an event within the last 5 minutes
    sessions_this_hour: int  # approximate (HyperLogLog), since the hour of the first began
    page_views: list[int]
    top_pages: list[tuple[str, int]]
    rage_spots: list[tuple[str, int]]  # path and selector, time of the last click in ms


def live(client: "redis.Redis", project: str, now: int) -> Live:
    """`client` decodes responses. redis.RedisError when Redis does not answer."""
    with client.pipeline(transaction=False) as asked:
        asked.zcount(keys.active(project), now - ACTIVE_MS, "+inf")
        asked.pfcount(keys.sessions(project))
        asked.zrevrange(keys.paths(project), 0, MAX_PATHS - 1)
        asked.zrevrangebyscore(
            *(keys.spots(project), "+inf", now - keys.SPOTS_SECONDS * 1000),
            start=0,
            num=TOP_SPOTS,
            withscores=True,
        )
        active, hour, paths, spots = asked.execute()
    minutes = _minutes(now)
    by_path = _views(client, project, paths, minutes)
    totals = Counter({path: sum(views) for path, views in by_path.items()})
    return Live(
        active_sessions=active,
        sessions_this_hour=hour,
        page_views=[sum(views[n] for views in by_path.values()) for n in range(len(minutes))],
        top_pages=[(path, count) for path, count in totals.most_common(TOP_PAGES) if count],
        rage_spots=[(spot, int(at)) for spot, at in spots],
    )


def _minutes(now: int) -> list[int]:
    newest = now // keys.MINUTE_MS
    return list(range(newest - keys.PAGE_VIEWS_SECONDS // 60 + 1, newest + 1))


def _views(
    client: "redis.Redis", project: str, paths: list[str], minutes: list[int]
) -> dict[str, list[int]]:
    """Views by path, one for each minute."""
    names = [keys.page_views(project, path, minute) for path in paths for minute in minutes]
    if not names:
        return {}
    found: list[Any] = client.mget(names)
    counts = [int(count or 0) for count in found]
    width = len(minutes)
    return {path: counts[n * width : (n + 1) * width] for n, path in enumerate(paths)}

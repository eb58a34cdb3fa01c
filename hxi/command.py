"""The `hxi` command: one module per subcommand, imported only when it is called."""

import importlib
import logging
import sys
from collections.abc import Sequence

import click

from hxi.admin.errors import UserError

# Subcommand -> module that holds a click command (or group) of the same name, with _ for -.
COMMANDS = {
    "up": "hxi.up",
    "env": "hxi.env",
    "load": "hxi.load.command",
    "run": "hxi.run",
    "plan": "hxi.plan",
    "diff": "hxi.diff",
    "expire": "hxi.expire",
    "erase": "hxi.erase",
    "export": "hxi.export",
    "replay": "hxi.replay",
    "status": "hxi.status",
    "live": "hxi.live",
    "metrics": "hxi.metrics",
    "pages": "hxi.pages",
    "mcp": "hxi.mcp",
    "report": "hxi.report",
    "project": "hxi.project",
    "key": "hxi.key",
    "user": "hxi.user",
    "member": "hxi.member",
    "ai": "hxi.ai",
    "alert": "hxi.alert",
    "grant-bi": "hxi.grant_bi",
    "revoke-bi": "hxi.grant_bi",
    "simulate": "hxi.simulate",
    "demo": "hxi.demo.command",
}


class LazyCommands(click.Group):
    """Imports a subcommand when it is asked for, so that `hxi env` does not pay for Dagster."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
def hxi() -> None:
    """Raw product events in; trusted sessions, journeys, heatmaps and scores out."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `hxi`; a `UserError` becomes one line on stderr and its exit code."""
    # It logs a line of its own for what becomes ours here.
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    try:
        hxi.main(args=arguments, prog_name="hxi", standalone_mode=False)
    except UserError as error:
        click.echo(f"hxi: {error}", err=True)
        sys.exit(error.exit_code)
    except click.UsageError as error:
        _show_usage(error)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        _end_by_store(error)
        raise


def _end_by_store(error: Exception) -> None:
    """One line where a store is at fault; returns for any other error, which is ours to mend.

    The stores' clients are imported here, because most commands end without an error.
    """
    from hxi.admin.store_errors import told

    if reason := told(error):
        click.echo(f"hxi: {reason}", err=True)
        sys.exit(reason.exit_code)


def _show_usage(error: click.UsageError) -> None:
    """One line, as for every other bad use; `hxi` alone shows its help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    command = error.ctx.command_path if error.ctx else "hxi"
    reason = " ".join(error.format_message().split()).rstrip(".")
    click.echo(f"hxi: {reason}: see `{command} --help`", err=True)

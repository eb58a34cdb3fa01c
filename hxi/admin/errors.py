"""What a person using `hxi` is told when something cannot be done."""


class UserError(Exception):
    """One line that says what is wrong and what to do; `exit_code` is the command's."""

    exit_code = 1


class NoStackError(UserError):
    """No store is configured and no stack runs on the data folder."""

    exit_code = 3


class BusyError(UserError):
    """Another process holds what this one needs (a run's lease, a data folder, a port)."""

    exit_code = 4


class StartError(UserError):
    """A store or ingest did not come up; the line names its log."""

    exit_code = 5


class StoreDownError(UserError):
    """A store that was named or is expected to run does not answer."""

    exit_code = 6


class PlacementError(UserError):
    """HXI_CLICKHOUSE_PLACEMENT says what the server is not."""

    exit_code = 2


class MigrationError(UserError):
    """A schema's history and its files disagree, or a statement failed."""

    exit_code = 7

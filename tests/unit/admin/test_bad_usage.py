"""A command used wrongly answers with one line that says how it is meant."""

import pytest

from hxi.command import main


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["loaf"], "No such command 'loaf': see `hxi --help`"),
        (["load"], "Missing argument 'FILES...': see `hxi load --help`"),
        (["up", "--ports", "many"], "'many' is not one of 'fixed', 'auto': see `hxi up --help`"),
        (["key", "revoke"], "Missing argument 'PREFIX': see `hxi key revoke --help`"),
    ],
)
def test_bad_usage_is_one_line(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("hxi: ")
    assert error.endswith(f"{line}\n")
    assert error.count("\n") == 1


def test_hxi_alone_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])
    shown = "".join(capsys.readouterr())
    assert "Commands:" in shown
    assert all(name in shown for name in ("up", "env", "load", "run", "status", "simulate"))

"""What dbt makes of the addresses it is given."""

from typing import Any

import pytest
import yaml
from dbt.config.renderer import ProfileRenderer
from dbt_common.context import set_invocation_context

from orchestration.stores.settings import CHECKOUT

CLICKHOUSE = "http://hxi:secret@127.0.0.1:8124"
POSTGRES = "postgresql://hxi:secret@127.0.0.1:5433/hxi_dashboard"


def rendered(target: str, *, clickhouse: str = CLICKHOUSE, postgres: str = POSTGRES) -> Any:
    """The target's settings with these addresses in the environment."""
    set_invocation_context({"HXI_CLICKHOUSE_URL": clickhouse, "HXI_POSTGRES_DSN": postgres})
    profiles = yaml.safe_load((CHECKOUT / "dbt_project" / "profiles.yml").read_text())
    return ProfileRenderer({}).render_data(profiles["hxi_warehouse"]["outputs"][target])


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://hxi:secret@127.0.0.1:8124/gosight", ("127.0.0.1", 8124, "hxi", "secret", False)),
        ("http://us%40er:p%2Fa%25b%3A@host:1", ("host", 1, "us@er", "p/a%b:", False)),
        ("http://hxi:007@host:9/", ("host", 9, "hxi", "007", False)),
        ("http://clickhouse", ("clickhouse", 8123, "default", "", False)),
        ("https://clickhouse.example/x", ("clickhouse.example", 8443, "default", "", True)),
    ],
)
@pytest.mark.parametrize("target", ["dev", "clickhouse"])
def test_clickhouse_is_where_the_url_says(target: str, address: str, said: tuple[Any, ...]) -> None:
    found = rendered(target, clickhouse=address)
    names = ("host", "port", "user", "password", "secure")
    assert tuple(found[name] for name in names) == said


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (POSTGRES, ("127.0.0.1", 5433, "hxi", "secret", "hxi_dashboard", "prefer")),
        ("postgres://us%40er:p%2Fa%25b@pg/db", ("pg", 5432, "us@er", "p/a%b", "db", "prefer")),
        (
            "postgresql://u:p@pg:1/db?application_name=x&sslmode=verify-full",
            ("pg", 1, "u", "p", "db", "verify-full"),
        ),
    ],
)
def test_postgresql_is_where_the_dsn_says(address: str, said: tuple[Any, ...]) -> None:
    found = rendered("postgres", postgres=address)
    names = ("host", "port", "user", "password", "dbname", "sslmode")
    assert tuple(found[name] for name in names) == said

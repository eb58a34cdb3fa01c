"""The address that a BI login gets is its own."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from hxi.admin.access import dsn_of


@pytest.mark.parametrize(
    "owner",
    [
        "postgresql://owner:secret@db.test:5432/shop?sslmode=require",
        "postgresql://db.test:5432/shop?user=owner&password=secret&sslmode=require",
        "postgresql://owner@db.test:5432/shop?sslmode=require&passfile=/secret&sslkey=/secret",
    ],
)
def test_nothing_of_the_owners_is_given_away(owner: str) -> None:
    own = dsn_of(owner, "bi", "p4ss")
    assert "secret" not in own
    assert conninfo_to_dict(own) == {
        "user": "bi",
        "password": "p4ss",
        "host": "db.test",
        "port": "5432",
        "dbname": "shop",
        "sslmode": "require",
    }

"""An address to a place: a proxy's headers, a database file, or nothing."""

from pathlib import Path

import pytest
from gosight.common_pb2 import GeoLocation

from ingest.errors import SettingsError
from ingest.geo.addresses import networks_of
from ingest.geo.locating import Client, Locator

BEHIND = Client("10.0.0.1", {"x-forwarded-for": "198.51.100.77", "cf-ipcountry": "de"})


def test_a_trusted_proxy_says_the_country() -> None:
    found = Locator(None, networks_of("10.0.0.0/8")).locate(BEHIND, anonymise=True)
    assert found == GeoLocation(ip="198.51.100.0", country="DE", country_code="DE")


def test_what_nobody_trusted_says_counts_for_nothing() -> None:
    found = Locator(None).locate(BEHIND, anonymise=False)
    assert found == GeoLocation(ip="10.0.0.1")


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", ""])
def test_a_tool_of_this_machine_is_nowhere(peer: str) -> None:
    assert Locator(None).locate(Client(peer), anonymise=False) is None


def test_a_file_gives_country_region_and_city(monkeypatch: pytest.MonkeyPatch) -> None:
    class Reader:
        """What maxminddb gives back for an address of a city file."""

        def get(self, _address: object) -> dict[str, object]:
            return {
                "country": {"iso_code": "FR", "names": {"en": "France"}},
                "subdivisions": [{"names": {"en": "Brittany"}}],
                "city": {"names": {"en": "Brest"}},
            }

    locator = Locator(None)
    monkeypatch.setattr(locator, "_reader", Reader())
    found = locator.locate(Client("198.51.100.77"), anonymise=False)
    assert found == GeoLocation(
        ip="198.51.100.77", country="France", country_code="FR", region="Brittany", city="Brest"
    )


def test_a_file_that_is_none_is_told_at_start(tmp_path: Path) -> None:
    path = tmp_path / "no.mmdb"
    path.write_text("no database")
    with pytest.raises(SettingsError, match="HXI_GEOIP_DATABASE"):
        Locator(path)

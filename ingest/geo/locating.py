"""An address to a place, from a database file in MaxMind's format or a trusted proxy's headers.

Without either nothing is filled: no service is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import maxminddb
from gosight.common_pb2 import GeoLocation

from ingest.errors import SettingsError
from ingest.geo.addresses import Address, Network, anonymous, client_address

# Headers of proxies that know the country: Cloudflare, CloudFront, App Engine, Fastly, Vercel.
COUNTRY_HEADERS = (
    *("cf-ipcountry", "cloudfront-viewer-country", "x-appengine-country"),
    *("x-country-code", "x-vercel-ip-country"),
)
REGION_HEADERS = (
    "cf-region",
    "cloudfront-viewer-country-region-name",
    "x-vercel-ip-country-region",
)
CITY_HEADERS = ("cf-ipcity", "cloudfront-viewer-city", "x-appengine-city", "x-vercel-ip-city")
# What these headers say of an address they do not know, and of Tor.
UNKNOWN = frozenset({"", "XX", "T1", "ZZ"})


@dataclass(frozen=True, slots=True)
class Client:
    """Who sends, as a door sees it; header names are lower case."""

    peer: str = ""
    headers: Mapping[str, str] | None = None

    def header(self, name: str) -> str:
        """'' for one that was not sent."""
        return (self.headers or {}).get(name, "")


NOBODY = Client()


class Locator:
    """`database` is a file such as GeoLite2-City.mmdb or dbip-city-lite.mmdb; None: none."""

    def __init__(self, database: Path | None, trusted: tuple[Network, ...] = ()) -> None:
        """SettingsError when the file is none."""
        self._trusted = trusted
        try:
            self._reader = maxminddb.open_database(database) if database else None
        except (OSError, maxminddb.InvalidDatabaseError, ValueError) as error:
            raise SettingsError(f"HXI_GEOIP_DATABASE cannot be read: {error}") from error
        self._place = lru_cache(maxsize=50_000)(self._look_up)

    def locate(self, client: Client, *, anonymise: bool) -> GeoLocation | None:
        """None where nothing is known of the client, not even an address."""
        address = client_address(client.peer, client.header("x-forwarded-for"), self._trusted)
        if address is None or address.is_loopback:  # a tool of this machine is no visitor
            return None
        # The whole address tells the place; what is kept of it is the project's matter.
        place = self._from_headers(client) or self._place(address) or GeoLocation()
        found = GeoLocation()
        found.CopyFrom(place)
        found.ip = anonymous(address) if anonymise else str(address)
        return found

    def close(self) -> None:
        """After the doors."""
        if self._reader is not None:
            self._reader.close()

    def _from_headers(self, client: Client) -> GeoLocation | None:
        """Only what a trusted proxy said counts."""
        peer = client_address(client.peer, "", ())
        is_trusted = peer is not None and any(
            peer in network for network in self._trusted if network.version == peer.version
        )
        code = _first(client, COUNTRY_HEADERS).upper() if is_trusted else ""
        if code in UNKNOWN:
            return None
        return GeoLocation(
            country_code=code,
            country=code,
            region=_first(client, REGION_HEADERS),
            city=_first(client, CITY_HEADERS),
        )

    def _look_up(self, address: Address) -> GeoLocation | None:
        found: Any = self._reader.get(address) if self._reader else None
        if not isinstance(found, dict):
            return None
        country = found.get("country") or found.get("registered_country") or {}
        if isinstance(country, str):  # files with a flat record, by country alone
            return GeoLocation(country=country, country_code=found.get("country_code", country))
        subdivisions = found.get("subdivisions") or [{}]
        return GeoLocation(
            country=_name(country),
            country_code=country.get("iso_code", ""),
            region=_name(subdivisions[0]),
            city=_name(found.get("city") or {}),
        )


def _first(client: Client, names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := client.header(name).strip())), "")


def _name(record: Mapping[str, Any]) -> str:
    return str((record.get("names") or {}).get("en", ""))

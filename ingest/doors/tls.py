"""The doors' certificate, where they are to speak TLS themselves: PEM files, read at start."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import grpc

from ingest.errors import SettingsError


@dataclass(frozen=True)
class Certificate:
    """`chain` holds the certificate and those between it and its root; `key` is not encrypted."""

    chain: Path
    key: Path

    def require_usable(self) -> None:
        """SettingsError, one line, for files that are none or do not belong together."""
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
                self.chain, self.key, lambda: ""
            )
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"HXI_INGEST_TLS_CERTIFICATE and HXI_INGEST_TLS_KEY cannot be used: {error}"
            ) from error

    def for_grpc(self) -> grpc.ServerCredentials:
        """What a secure port wants."""
        return grpc.ssl_server_credentials(((self.key.read_bytes(), self.chain.read_bytes()),))


def certificate_of(chain: str, key: str) -> Certificate | None:
    """None where neither is set; SettingsError for one without the other, or unusable files."""
    if not chain and not key:
        return None
    if not chain or not key:
        raise SettingsError(
            "HXI_INGEST_TLS_CERTIFICATE and HXI_INGEST_TLS_KEY go together: set both or none"
        )
    certificate = Certificate(Path(chain), Path(key))
    certificate.require_usable()
    return certificate

"""A certificate authority of the test's own, and stores behind TLS: a proxy that takes it off."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import trustme

SSL_REQUEST = bytes.fromhex("0000000804d2162f")  # what PostgreSQL's clients ask before TLS


@dataclass(frozen=True)
class Certificates:
    """PEM files: the authority's, and those of 127.0.0.1 and localhost."""

    authority: Path
    chain: Path
    key: Path


def made_in(folder: Path) -> Certificates:
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", "localhost")
    made = Certificates(folder / "ca.pem", folder / "chain.pem", folder / "key.pem")
    authority.cert_pem.write_to_path(made.authority)
    server.private_key_pem.write_to_path(made.key)
    for blob in server.cert_chain_pems:
        blob.write_to_path(made.chain, append=True)
    return made


@contextmanager
def behind_tls(
    port: int, certificates: Certificates, *, is_postgresql: bool = False
) -> Iterator[int]:
    """The port of a proxy to `port`; it speaks TLS, and nothing else."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.chain, certificates.key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    threading.Thread(target=serve, args=(client,), daemon=True).start()

        def serve(client: socket.socket) -> None:
            with suppress(OSError), client:
                if is_postgresql:
                    while client.recv(8, socket.MSG_WAITALL) != SSL_REQUEST:
                        client.sendall(b"N")  # other encryption, by GSSAPI
                    client.sendall(b"S")
                with (
                    context.wrap_socket(client, server_side=True) as inside,
                    socket.create_connection(("127.0.0.1", port)) as store,
                ):
                    back = threading.Thread(target=pump, args=(store, inside), daemon=True)
                    back.start()
                    pump(inside, store)
                    back.join()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]


def pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)

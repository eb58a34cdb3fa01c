"""A stand-in for an S3-compatible server: objects in memory, path-style, whoever asks."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

DATE = "2026-01-01T00:00:00.000Z"


class Bucket:
    """`objects` by `bucket/key`; `environment` lets a client find it."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server.server_port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }

    def listing(self, bucket: str, prefix: str) -> bytes:
        own = (name.removeprefix(f"{bucket}/") for name in sorted(self.objects))
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[f'{bucket}/{key}'])}</Size>"
            f'<LastModified>{DATE}</LastModified><ETag>"1"</ETag></Contents>'
            for key in own
            if key.startswith(prefix)
        )
        return (
            f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        ).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        bucket = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:
                size = int(self.headers["content-length"])
                bucket.objects[self._name()] = self.rfile.read(size)
                self._answer(200, b"")

            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                if "list-type" in asked:
                    body = bucket.listing(self._name(), asked.get("prefix", [""])[0])
                    self._answer(200, body)
                elif self._name() in bucket.objects:
                    self._answer(200, bucket.objects[self._name()])
                else:
                    self._answer(404, b"")

            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["content-length"])).decode()
                keys = re.findall(r"<Key>(.*?)</Key>", asked)
                for key in keys:
                    bucket.objects.pop(f"{self._name()}/{unescape(key)}", None)
                told = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
                self._answer(200, f"<DeleteResult>{told}</DeleteResult>".encode())

            def _name(self) -> str:
                return unquote(urlsplit(self.path).path).strip("/")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.send_header("etag", '"1"')
                self.send_header("last-modified", formatdate(usegmt=True))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler


@contextmanager
def bucket() -> Iterator[Bucket]:
    """Answers for the length of the block."""
    served = Bucket()
    thread = threading.Thread(target=served.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.server.shutdown()
        served.server.server_close()

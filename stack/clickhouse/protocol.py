"""HTTP as uvicorn reads it, with request lines as long as a ClickHouse server takes them."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_URL_BYTES = 1 << 20  # the server's own http_max_uri_size


class Protocol(HttpToolsProtocol):
    """Clients put the values of `{name:Type}` into the URL, lists of thousands of ids too."""

    url: bytes

    def on_url(self, url: bytes) -> None:
        """A longer one ends in 400 and a closed connection."""
        super().on_url(url)
        if len(self.url) > MAX_URL_BYTES:
            raise ValueError(f"the URL has more than {MAX_URL_BYTES} bytes")

    def on_headers_complete(self) -> None:
        """The query goes round the library's URL parser, which knows lengths of 16 bits only."""
        self.url, _, query = self.url.partition(b"?")
        super().on_headers_complete()
        self.scope["query_string"] = query

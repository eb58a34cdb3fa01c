"""The SQL of a request and the data behind it, out of URL and body."""

from collections.abc import Iterator, Mapping

from stack.clickhouse.compression import decoder
from stack.clickhouse.errors import TOO_LARGE_QUERY, refused
from stack.clickhouse.native_blocks import BlockDecoder
from stack.clickhouse.statement import Statement, begins_insert, insert_with_data, whole

APPEND_BYTES = 1 << 20  # the size of appends the engine took fastest
MAX_SQL_BYTES = 256 << 20


def decoded(
    body: Iterator[bytes], params: Mapping[str, str], headers: Mapping[str, str]
) -> Iterator[bytes]:
    """The body as it was before Content-Encoding and decompress=1."""
    coders = [decoder(headers.get("content-encoding", ""))]
    if params.get("decompress") == "1":
        coders.append(BlockDecoder())
    for chunk in body:
        data = chunk
        for coder in coders:
            data = coder.feed(data)
        if data:
            yield data
    for coder in coders:
        coder.finish()


def read_statement(query: bytes, body: Iterator[bytes]) -> tuple[Statement, Iterator[bytes]]:
    """The statement of URL query + line end + body; behind an INSERT's head comes its data."""
    text = query
    scan_at = 0
    for chunk in body:
        text += b"\n" + chunk if text is query and query else chunk
        if len(text) >= scan_at and begins_insert(text):
            found = insert_with_data(text, is_complete=False)
            if found:
                return found, _data(text[found.data_start :], body)
            scan_at = 2 * len(text)  # so that a long text is scanned a few times only
        if len(text) > MAX_SQL_BYTES:
            raise refused(TOO_LARGE_QUERY, f"Query is too large: over {MAX_SQL_BYTES} bytes.")
    if begins_insert(text) and (found := insert_with_data(text, is_complete=True)):
        return found, _data(text[found.data_start :], body)
    return whole(text), iter(())


def _data(first: bytes, body: Iterator[bytes]) -> Iterator[bytes]:
    """In pieces of about 1 MiB."""
    pieces, size = [first], len(first)
    for chunk in body:
        pieces.append(chunk)
        size += len(chunk)
        if size >= APPEND_BYTES:
            yield b"".join(pieces)
            pieces, size = [], 0
    if size:
        yield b"".join(pieces)

"""Bodies survive every coding of the front, in pieces of any size."""

import gzip
import zlib

import brotli
import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from stack.clickhouse.compression import ENCODERS, accepted, decoder
from stack.clickhouse.errors import QueryError
from stack.clickhouse.native_blocks import BlockDecoder, BlockEncoder

PLAIN = b"abc" * 100_000
DECODERS = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    "lz4": lz4.frame.decompress,
    "br": brotli.decompress,
}


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def encoded(name: str, chunks: list[bytes]) -> bytes:
    coder = ENCODERS[name]()
    return b"".join([*(coder.feed(chunk) for chunk in chunks), coder.finish()])


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_any_client_reads_what_is_encoded(name: str) -> None:
    assert DECODERS[name](encoded(name, pieces(PLAIN, 70_000))) == PLAIN
    assert DECODERS[name](encoded(name, [])) == b""


@pytest.mark.parametrize("name", sorted(ENCODERS))
@settings(deadline=None)
@given(size=st.integers(1, 5_000), chunks=st.lists(st.binary(max_size=3_000), max_size=5))
def test_a_body_cut_into_pieces_is_decoded(name: str, size: int, chunks: list[bytes]) -> None:
    coder = decoder(name)
    read = [coder.feed(piece) for piece in pieces(encoded(name, chunks), size)]
    coder.finish()
    assert b"".join(read) == b"".join(chunks)


@pytest.mark.parametrize("name", ["gzip", "zstd", "lz4"])
def test_frames_may_follow_one_another(name: str) -> None:
    coder = decoder(name)
    assert coder.feed(encoded(name, [b"a"]) + encoded(name, [b"b"])) == b"ab"
    coder.finish()


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_a_body_that_ends_early_is_refused(name: str) -> None:
    coder = decoder(name)
    coder.feed(encoded(name, [PLAIN])[:-3])
    with pytest.raises(QueryError) as caught:
        coder.finish()
    assert caught.value.code == 271


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_a_body_that_is_something_else_is_refused(name: str) -> None:
    def read() -> None:
        coder = decoder(name)
        coder.feed(b"select 1 and much more than a header needs")
        coder.finish()

    with pytest.raises(QueryError):
        read()


def test_an_unknown_coding_is_refused() -> None:
    with pytest.raises(QueryError, match="snappy"):
        decoder("snappy")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("gzip", "gzip"),
        ("gzip, zstd;q=0.5", "zstd"),
        ("lz4;q=0, br", "br"),
        ("identity", ""),
        ("", ""),
    ],
)
def test_the_cheapest_coding_a_client_takes_is_used(header: str, name: str) -> None:
    assert accepted(header) == name


def test_native_blocks_have_the_checksum_of_the_engine() -> None:
    # The answer of ClickHouse to `select 1` with compress=1, word by word.
    assert BlockEncoder().feed(b"1\n").hex() == (
        "de79cf087fb635049db816df195b016b820c0000000200000020310a"
    )


@settings(deadline=None)
@given(size=st.integers(1, 4_000), data=st.binary(max_size=10_000))
def test_native_blocks_cut_into_pieces_are_decoded(size: int, data: bytes) -> None:
    coder = BlockDecoder()
    read = [coder.feed(piece) for piece in pieces(BlockEncoder().feed(data), size)]
    coder.finish()
    assert b"".join(read) == data


def test_a_damaged_or_cut_native_block_is_refused() -> None:
    block = BlockEncoder().feed(PLAIN)
    damaged = bytearray(block)
    damaged[30] ^= 1
    with pytest.raises(QueryError, match="checksum"):
        BlockDecoder().feed(bytes(damaged))
    coder = BlockDecoder()
    coder.feed(block[:-1])
    with pytest.raises(QueryError, match="cut off"):
        coder.finish()

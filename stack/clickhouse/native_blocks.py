"""ClickHouse's own block compression, for compress=1 and decompress=1.

A block is a 16-byte CityHash128 checksum, a method byte, the compressed size (with these nine
bytes of header), the plain size, then the data.
"""

import struct

import lz4.block
import zstandard
from clickhouse_cityhash.cityhash import CityHash128

from stack.clickhouse.errors import CANNOT_DECOMPRESS, refused

HEADER = struct.Struct("<BII")
CHECKSUM = struct.Struct("<QQ")
LZ4, ZSTD, NONE = 0x82, 0x90, 0x02
BLOCK_BYTES = 1 << 20
MAX_BLOCK_BYTES = 1 << 30  # the server's own limit


def _checksum(data: bytes) -> bytes:
    number = CityHash128(data)
    # The high word first, each little-endian: the order in the engine's own column files.
    return CHECKSUM.pack(number >> 64, number & 0xFFFF_FFFF_FFFF_FFFF)


class BlockEncoder:
    """LZ4 blocks of at most 1 MiB of plain data."""

    def feed(self, data: bytes) -> bytes:
        blocks = []
        for start in range(0, len(data), BLOCK_BYTES):
            plain = data[start : start + BLOCK_BYTES]
            packed = lz4.block.compress(plain, store_size=False)
            block = HEADER.pack(LZ4, len(packed) + HEADER.size, len(plain)) + packed
            blocks += [_checksum(block), block]
        return b"".join(blocks)

    def finish(self) -> bytes:
        return b""


class BlockDecoder:
    """Checksums are verified: 271 for a bad one."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        self._rest += data
        parts = []
        start = 0
        while len(self._rest) - start >= CHECKSUM.size + HEADER.size:
            head = start + CHECKSUM.size
            method, size, plain_size = HEADER.unpack_from(self._rest, head)
            if not HEADER.size <= size <= MAX_BLOCK_BYTES or plain_size > MAX_BLOCK_BYTES:
                raise refused(CANNOT_DECOMPRESS, "Cannot decompress: a block's size is wrong.")
            if len(self._rest) < head + size:
                break
            block = self._rest[head : head + size]
            if _checksum(block) != self._rest[start:head]:
                raise refused(CANNOT_DECOMPRESS, "Cannot decompress: a checksum does not match.")
            parts.append(_decompress(method, block[HEADER.size :], plain_size))
            start = head + size
        self._rest = self._rest[start:]
        return b"".join(parts)

    def finish(self) -> bytes:
        if self._rest:
            raise refused(CANNOT_DECOMPRESS, "Cannot decompress: the last block is cut off.")
        return b""


def _decompress(method: int, packed: bytes, plain_size: int) -> bytes:
    try:
        if method == LZ4:
            return bytes(lz4.block.decompress(packed, uncompressed_size=plain_size))
        if method == ZSTD:
            return zstandard.ZstdDecompressor().decompress(packed, max_output_size=plain_size)
    except (lz4.block.LZ4BlockError, zstandard.ZstdError) as error:
        raise refused(CANNOT_DECOMPRESS, f"Cannot decompress: {error}.") from error
    if method == NONE:
        return packed
    raise refused(CANNOT_DECOMPRESS, f"Cannot decompress: unknown method {method:#x}.")

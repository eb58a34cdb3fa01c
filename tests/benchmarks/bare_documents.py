"""Derived documents written bare: the same ones, into collections with the same indexes."""

from collections.abc import Sequence
from functools import partial
from itertools import islice

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from ingest.schema.mongo import CollectionSpec
from orchestration.documents.collections import DERIVED
from orchestration.documents.writing import CHUNK
from tests.benchmarks.report import timed

SCRATCH = "hxi_bench"


def write(endpoints: Endpoints) -> tuple[int, float]:
    """How many there are, and the seconds that inserting them again took, block after block.

    Reading them is not counted. What was written is dropped.
    """
    count, seconds = 0, 0.0
    with clients.mongodb(endpoints.mongodb_uri) as mongo:
        scratch = mongo[SCRATCH]
        for derived in (one for one in DERIVED if not one.is_of_record):
            target = scratch[derived.name]
            for keys in _indexes(derived.spec):
                target.create_index(list(keys))
            found = iter(derived.spec.of(mongo).find(derived.ours))
            while block := list(islice(found, CHUNK)):
                seconds += timed(partial(target.insert_many, block)).seconds
                count += len(block)
        mongo.drop_database(SCRATCH)
    return count, seconds


def _indexes(spec: CollectionSpec) -> list[Sequence[tuple[str, int]]]:
    return [*spec.unique, *spec.indexes]

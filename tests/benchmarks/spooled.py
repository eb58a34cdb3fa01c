"""A batch as ingest would have spooled it, without the door."""

import time
from uuid import uuid4

from gosight.ingest_pb2 import EventBatch

from ingest import rejects
from ingest.spooled import SpooledBatch


def spooled(batch: EventBatch, project_id: str) -> SpooledBatch:
    """All of its events are valid."""
    events = len(batch.events)
    return SpooledBatch(
        batch_id=str(uuid4()),
        project_id=project_id,
        door="grpc",
        sdk_version=batch.sdk_version,
        sent_at=0,
        ingested_at=int(time.time() * 1000),
        received=events,
        valid=events,
        filtered=0,
        body=batch.SerializeToString(),
        positions=b"",
        rejects=rejects.dump([]),
    )

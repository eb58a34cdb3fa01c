"""Few sessions are written out in queries; the longest of those is one that ClickHouse reads."""

from uuid import uuid4

from orchestration.documents import changes
from orchestration.documents.collections import DERIVED
from orchestration.documents.sessions import FEW_SESSIONS
from orchestration.publish import written_out

MAX_QUERY_SIZE = 262_144


def test_the_sessions_of_all_collections_fit_into_one_statement() -> None:
    named = written_out.query([(str(uuid4()), str(uuid4())) for _ in range(FEW_SESSIONS)])
    attempts = [changes.Attempt(derived, 2**40, named, has_gone=True) for derived in DERIVED]
    text = " UNION ALL ".join(row for one in attempts for row in changes.to_begin(one))
    assert MAX_QUERY_SIZE / 4 < len(text) < MAX_QUERY_SIZE / 2

-- What was asked to be erased, and what proves that it is gone (docs/privacy.md). Insert a request here, or use `hxi erase`.
CREATE TABLE ops.erasure_requests
(
    request_id   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id   UUID NOT NULL,
    user_id      TEXT,               -- as SDKs send it; NULL again when the request is done
    session_id   UUID,
    before       DATE,               -- sessions whose last event is older than this UTC day
    requested_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    done_at      TIMESTAMPTZ,        -- a search of every store found nothing
    problem      TEXT NOT NULL DEFAULT '',   -- where the last search found something
    sessions     BIGINT NOT NULL DEFAULT 0,
    CHECK (num_nonnulls(user_id, session_id, before) = 1 OR done_at IS NOT NULL)
);

-- Sessions of a request that is not done: what is in the stores no longer tells whose they were.
CREATE TABLE ops.erasure_sessions
(
    request_id BIGINT NOT NULL REFERENCES ops.erasure_requests ON DELETE CASCADE,
    session_id UUID NOT NULL,
    PRIMARY KEY (request_id, session_id)
);

-- One row per request and store: how many rows, documents or keys held something, and how many a search found afterwards.
CREATE TABLE ops.erasure_proofs
(
    request_id BIGINT NOT NULL REFERENCES ops.erasure_requests ON DELETE CASCADE,
    store      TEXT NOT NULL,
    erased     BIGINT NOT NULL,
    found      BIGINT NOT NULL,
    places     TEXT NOT NULL,        -- where something was found; '' if nowhere
    searched   TEXT NOT NULL,        -- what was searched
    proved_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (request_id, store)
);

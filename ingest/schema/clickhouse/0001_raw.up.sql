-- Raw landing tables: what SDKs sent, flattened, once per (project, event) after FINAL.
CREATE DATABASE IF NOT EXISTS raw;

-- One row per accepted event (replay payloads are in raw.replay_chunks).
-- ORDER BY: a session's rows lie together, so a plan of sessions reads few granules.
-- PARTITION BY ingested_at: copies of one event carry the same ingested_at, so FINAL finds them in one
-- partition, and a backfill of many years does not open a partition per month of its past.
-- No TTL: the expiry job decides what leaves (whole sessions), never the engine alone.
CREATE TABLE IF NOT EXISTS raw.events
(
    project_id          String,
    event_id            UUID,
    session_id          UUID,
    user_id             String DEFAULT '',           -- Event.user_id, else IdentifyPayload.user_id
    event_type          LowCardinality(String),      -- enum name, lower case, without EVENT_TYPE_
    timestamp           DateTime64(3, 'UTC'),        -- client's clock

    url                 String DEFAULT '',           -- PageContext.url as sent
    path                String DEFAULT '',           -- PageContext.path as sent, else PageViewPayload.page_path
    title               String DEFAULT '',           -- PageContext.title, else PageViewPayload.page_title
    referrer            String DEFAULT '',

    click_x             Nullable(Int32),             -- px; NULL without a position
    click_y             Nullable(Int32),
    click_button        LowCardinality(String) DEFAULT '',   -- 'left' | 'middle' | 'right'; '' when not a mouse event
    target_selector     Nullable(String),            -- NULL without a target or with an empty selector
    target_tag          LowCardinality(Nullable(String)),    -- lower case
    target_text         Nullable(String),
    target_id           Nullable(String),
    target_href         Nullable(String),
    target_classes      Array(String),
    target_attributes   Map(String, String),         -- keys lower case (role, type, contenteditable, data-*)
    target_top          Nullable(Int32),             -- TargetElement.rect, px
    target_left         Nullable(Int32),
    target_width        Nullable(Int32),
    target_height       Nullable(Int32),

    scroll_top          Nullable(Int32),             -- px
    scroll_depth        Nullable(Int32),             -- percent as sent: ScrollPayload.scroll_depth_percent or PageExitPayload.max_scroll_depth
    scroll_direction    LowCardinality(Nullable(String)),    -- 'down' | 'up'
    time_on_page_ms     Nullable(Int64),             -- PageExitPayload

    error_message       Nullable(String),
    error_stack         Nullable(String),
    error_type          LowCardinality(Nullable(String)),
    error_filename      Nullable(String),

    lcp                 Nullable(Int32),             -- ms
    fid                 Nullable(Int32),             -- ms
    cls                 Nullable(Float32),
    ttfb                Nullable(Int32),             -- ms
    inp                 Nullable(Int32),             -- ms
    fcp                 Nullable(Int32),             -- ms
    load_complete       Nullable(Int32),             -- ms

    request_type        LowCardinality(String) DEFAULT '',   -- 'xhr' | 'fetch' | 'websocket'; '' when not a request
    request_method      LowCardinality(String) DEFAULT '',   -- upper case
    request_url         Nullable(String),
    request_status      Nullable(Int32),             -- 0 = no answer
    request_duration_ms Nullable(Int64),

    form_id             Nullable(String),
    form_success        Nullable(Bool),              -- FormSubmitPayload.success

    entry_url           String DEFAULT '',           -- SessionStartPayload
    utm_source          String DEFAULT '',
    utm_medium          String DEFAULT '',
    utm_campaign        String DEFAULT '',
    utm_term            String DEFAULT '',
    utm_content         String DEFAULT '',

    move_x              Array(Int32),                -- MouseMovePayload.positions, in order sent
    move_y              Array(Int32),
    move_t              Array(Int64),                -- ms relative to timestamp, may be negative

    custom_name         String DEFAULT '',           -- CustomEventPayload.name
    payload             String DEFAULT '{}' CODEC(ZSTD(3)),   -- the oneof payload as protobuf-JSON, lossless
    custom              String DEFAULT '{}',         -- Event.custom as JSON object of strings

    user_agent          String DEFAULT '',
    browser             LowCardinality(String) DEFAULT '',
    browser_version     String DEFAULT '',
    os                  LowCardinality(String) DEFAULT '',
    os_version          String DEFAULT '',
    device_type         LowCardinality(String) DEFAULT '',   -- 'desktop' | 'tablet' | 'mobile' | ''
    screen_width        UInt32 DEFAULT 0,            -- px; negative values become 0
    screen_height       UInt32 DEFAULT 0,
    viewport_width      UInt32 DEFAULT 0,
    viewport_height     UInt32 DEFAULT 0,
    device_pixel_ratio  Float32 DEFAULT 0,
    language            LowCardinality(String) DEFAULT '',
    timezone            LowCardinality(String) DEFAULT '',

    ip                  String DEFAULT '',
    country             LowCardinality(String) DEFAULT '',
    country_code        LowCardinality(String) DEFAULT '',
    region              String DEFAULT '',
    city                String DEFAULT '',

    sdk_version         LowCardinality(String) DEFAULT '',
    batch_id            UUID,
    ingested_at         DateTime64(3, 'UTC'),        -- accepted by ingest; the same on every retry
    landed_at           DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ingested_at)
ORDER BY (project_id, session_id, timestamp, event_id);

-- One row per accepted replay payload; same keys and reasons as raw.events.
CREATE TABLE IF NOT EXISTS raw.replay_chunks
(
    project_id  String,
    event_id    UUID,
    session_id  UUID,
    timestamp   DateTime64(3, 'UTC'),
    rrweb_type  Int32,
    data        String CODEC(ZSTD(3)),               -- bytes as sent (plain or gzip)
    batch_id    UUID,
    ingested_at DateTime64(3, 'UTC'),
    landed_at   DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ingested_at)
ORDER BY (project_id, session_id, timestamp, event_id);

-- One row per event refused, at the door or by a store.
CREATE TABLE IF NOT EXISTS raw.rejected_events
(
    project_id  String,
    batch_id    UUID,
    position    UInt32,                              -- index of the event in its batch
    event_id    String,                              -- as sent, may be no UUID
    session_id  String,
    reason      LowCardinality(String),
    detail      String DEFAULT '',
    raw         String DEFAULT '' CODEC(ZSTD(3)),    -- bytes as received, capped
    ingested_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ingested_at)
ORDER BY (project_id, batch_id, position);

-- One row per batch: received = valid + rejected + filtered; valid = landed + duplicate + refused_by_store + erased.
CREATE TABLE IF NOT EXISTS raw.ingest_ledger
(
    project_id       String,
    batch_id         UUID,
    door             LowCardinality(String),         -- 'grpc' | 'http'
    sdk_version      LowCardinality(String) DEFAULT '',
    received         UInt32,
    valid            UInt32,
    rejected         UInt32,
    filtered         UInt32,
    landed           UInt32,                         -- first copies, events and replay payloads together
    landed_replay    UInt32,                         -- of landed: replay payloads
    duplicate        UInt32,
    refused_by_store UInt32,
    erased           UInt32,                         -- dropped because their session was erased
    reasons          Map(String, UInt32),            -- reject reason -> count, refused_by_store included
    sent_at          DateTime64(3, 'UTC'),
    ingested_at      DateTime64(3, 'UTC'),
    landed_at        DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ingested_at)
ORDER BY (project_id, batch_id);

-- +rows per session and block landed; sum(n) never shrinks. A run plans a session when its sum changed.
CREATE TABLE IF NOT EXISTS raw.session_index
(
    project_id String,
    session_id UUID,
    n          UInt64
)
ENGINE = SummingMergeTree(n)
ORDER BY (project_id, session_id);

-- Sessions erased on request; rows of these never land again.
CREATE TABLE IF NOT EXISTS raw.tombstones
(
    project_id    String,
    session_id    UUID,
    erased_at     DateTime64(3, 'UTC'),
    events_erased UInt64                             -- documents the first erasure found (events and replay)
)
ENGINE = MergeTree
ORDER BY (project_id, session_id, erased_at);

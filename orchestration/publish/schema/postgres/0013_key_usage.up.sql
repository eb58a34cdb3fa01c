-- Who adds to a count has to read it.
GRANT SELECT (last_used_at, request_count) ON gosight.api_keys TO hxi_ingest;

REVOKE SELECT (last_used_at, request_count) ON gosight.api_keys FROM hxi_ingest;

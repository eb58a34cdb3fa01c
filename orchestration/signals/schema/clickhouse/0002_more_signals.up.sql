-- Signals: pointer, pages and forms; columns, keys, partitions and expiry as in 0001.

-- One row per time a desktop pointer was shaken to and fro; related are mouse moves in order.
-- details {duration_ms, reversals, path_px, displacement_px, samples}
CREATE TABLE IF NOT EXISTS signals.thrashed_cursors AS signals.rage_clicks;

-- One row per page that was left within seconds for the page before it; url and path are that page's.
-- Related are page views: before, away, back; details {path_before, away_ms}.
CREATE TABLE IF NOT EXISTS signals.u_turns AS signals.rage_clicks;

-- One row per page view that loaded slowly; related are the page view, then its timings in order.
-- details {lcp, ttfb, load_complete}
CREATE TABLE IF NOT EXISTS signals.slow_pages AS signals.rage_clicks;

-- One row per page view on which a form was filled in and none was sent; target_selector is the last field changed.
-- Related are input changes in order; details {changes, fields, last_field}.
CREATE TABLE IF NOT EXISTS signals.form_abandonments AS signals.rage_clicks;

-- Replaces 646191ff8973a56b7a56f23ae772458c69fedaee0e8d370d4f61d4cdd2121f2b: columns written out four times.

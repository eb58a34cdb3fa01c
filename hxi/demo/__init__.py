"""`hxi demo`: a small shop with each SDK behind a link, and the session that it made."""

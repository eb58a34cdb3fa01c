"""Stage `signals`: what the sequence of a session's events shows; Polars, a folder a signal."""

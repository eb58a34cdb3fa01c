"""From the spool into both stores, each event once."""

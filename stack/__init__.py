"""The embedded stores, their supervisor and the `hxi` command."""

"""The embedded stores and their supervisor."""

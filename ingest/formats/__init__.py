"""Formats of SDKs that others made: one adapter each, from a request to events of our contract."""

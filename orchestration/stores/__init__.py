"""Addresses and clients of the stores."""

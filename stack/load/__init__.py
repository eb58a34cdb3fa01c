"""Sends files and batches through the ingest service and waits until they are landed."""

from stack.load.doors import Door
from stack.load.loading import Progress, load_batches, load_files
from stack.load.totals import LoadTotals

__all__ = ["Door", "LoadTotals", "Progress", "load_batches", "load_files"]

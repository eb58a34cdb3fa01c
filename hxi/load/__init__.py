"""Sends files and batches through the ingest service and waits until they are landed."""

from hxi.load.doors import Door
from hxi.load.loading import Options, Progress, load_batches, load_files
from hxi.load.totals import LoadTotals

__all__ = ["Door", "LoadTotals", "Options", "Progress", "load_batches", "load_files"]

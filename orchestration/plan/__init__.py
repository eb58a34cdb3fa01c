"""What a run has to rebuild, and what of it is built."""

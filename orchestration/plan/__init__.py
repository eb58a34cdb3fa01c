"""What a run has to rebuild, and the lease that makes it the only writer."""

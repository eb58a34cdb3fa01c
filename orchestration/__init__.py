"""The batch side: plans what changed, builds events, signals and marts, publishes them."""

"""What a scheduler watches beside the runs: how far they are behind, and one that was left open."""

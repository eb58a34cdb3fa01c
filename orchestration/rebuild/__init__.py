"""What a run rebuilds and why: the assets that open its plan and close it."""

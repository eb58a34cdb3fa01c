"""What a run would change: a part is built beside the served tables, and both are compared."""

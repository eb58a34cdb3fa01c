"""The two stores as the lander sees them: idempotent writes, and errors told apart."""

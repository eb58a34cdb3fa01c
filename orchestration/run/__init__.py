"""A whole run: whether there is something to do, what to build it with, and what became of it."""

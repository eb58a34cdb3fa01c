"""A person, a session or all that is old leaves every store: asked in a table, done by a run."""

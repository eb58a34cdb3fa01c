"""Alert rules: judged over the marts after a run, kept as history, told through channels."""

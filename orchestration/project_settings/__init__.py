"""What a project has set differently from the defaults, and what may be set."""

"""Who may send: keys, domains of pages, limits."""

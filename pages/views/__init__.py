"""A module a page: its queries, and what is made of them."""

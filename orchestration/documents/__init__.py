"""Derived documents: what MongoDB's readers get of the marts, session by session."""

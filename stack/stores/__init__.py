"""How each embedded store is run: its command, its address, how to ask whether it is ready."""

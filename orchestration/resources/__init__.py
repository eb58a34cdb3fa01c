"""What assets are given to work with."""

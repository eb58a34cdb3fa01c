"""Where a batch comes from: the client's address, and the place it stands for."""

"""The `hxi` command: a module for each subcommand; what several need is in `admin`."""

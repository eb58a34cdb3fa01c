"""`python -m stack.cli` is `hxi`."""

from stack.cli import main

main()

"""`python -m hxi` is `hxi`."""

from hxi.command import main

main()

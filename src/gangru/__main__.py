"""`python -m gangru`."""

from gangru.cli.app import main

main()

"""`python -m everyhop`: the same as the command."""

from everyhop.cli import main

main()

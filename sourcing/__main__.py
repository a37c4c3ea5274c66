"""`python -m sourcing`: the command, where only this Python is known."""

from sourcing.cli import main

main()

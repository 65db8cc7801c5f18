"""`python -m hwnas`: the same as the command `hwnas`."""

from hwnas.cli.main import main

main()

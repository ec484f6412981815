"""`python -m judgebench`."""

from judgebench.cli import main

main()

"""Run as `python -m astrocnn`."""

from astrocnn.cli.main import main

main()

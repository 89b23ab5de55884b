"""The command line as `python -m channel`."""

from channel.cli import main

main(prog_name="glassbox")

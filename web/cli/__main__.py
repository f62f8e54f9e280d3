"""`python -m web.cli`, as run.py calls it."""

from web.cli import main

main(prog_name="secondcase")

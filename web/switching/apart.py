"""Work that is left to a process of its own, whatever becomes of the one that begins it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run_apart(directory: Path, *arguments: str) -> None:
    """Let `secondcase` do this at low priority for the site whose database lies in `directory`.

    How far it is stands in that database.
    """
    subprocess.Popen(
        [sys.executable, "-m", "web.cli", *arguments, "--directory", str(directory)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_be_nice,
    )


def _be_nice() -> None:
    os.nice(10)

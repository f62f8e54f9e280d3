"""Work that is left to a process of its own, whatever becomes of the one that begins it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from matcher.storage.database import Database, connect
from matcher.storage.errors import StoreError

LIFE_SECONDS = 20.0
THREAD = "sign-of-life"


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


@contextmanager
def showing_life(database: Path, note: Callable[[Database], object]) -> Iterator[None]:
    """Let `note` write down now and then that the work is still going on, however silent it is.

    A sign that cannot be written is left out: the next one will do.
    """
    done = threading.Event()

    def show() -> None:
        while not done.wait(LIFE_SECONDS):
            try:
                with closing(connect(database)) as db:
                    note(db)
            except StoreError:
                continue

    thread = threading.Thread(target=show, name=THREAD, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()

"""What is written stays written: files and folders that a power cut leaves whole or absent."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def flush(path: Path) -> None:
    """Have the disk, not only the system, hold what was written."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_text(path: Path, text: str, *, scratch: str) -> None:
    """Give a file new content; who reads meanwhile sees the one before or this one.

    The new content is first written beside it under a name that begins with `scratch`, which is
    all that a killed process leaves behind.
    """
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=scratch, delete=False, encoding="utf-8"
    ) as written:
        written.write(text)
        written.flush()
        os.fsync(written.fileno())
    os.chmod(written.name, 0o644)
    os.replace(written.name, path)
    flush(path.parent)


def place_folder(made: Path, folder: Path) -> None:
    """Give a folder that was made beside its place its name, with all that is in it on the disk.

    Raises `OSError` where there is one of that name already.
    """
    for path in (*made.rglob("*"), made):
        flush(path)
    made.rename(folder)
    flush(folder.parent)

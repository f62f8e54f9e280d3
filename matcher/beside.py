"""What lies beside a database and says what is in its cases: it goes when a case goes."""

from __future__ import annotations

import glob
from pathlib import Path


def index_path(database: Path) -> Path:
    """Where the index of a database's cases is kept, if it is."""
    return database.with_name(f"{database.name}.index")


def unfinished_path(database: Path, token: str) -> Path:
    """Where such an index is written before it takes its place."""
    return database.with_name(f"{database.name}.index.{token}.part")


def drop_index(database: Path) -> None:
    """Remove the kept index and every unfinished one; whoever writes one begins again."""
    for path in (
        index_path(database),
        *database.parent.glob(f"{glob.escape(database.name)}.index.*.part"),
    ):
        path.unlink(missing_ok=True)

"""What lies beside a database and says what is in its cases: it goes when a case goes."""

from __future__ import annotations

import glob
from pathlib import Path


def index_path(database: Path, view: str = "") -> Path:
    """Where the index of a database's cases is kept, if it is; a view of them has its own."""
    name = f"{database.name}.{view}" if view else database.name
    return database.with_name(f"{name}.index")


def unfinished_path(database: Path, token: str) -> Path:
    """Where such an index is written before it takes its place."""
    return database.with_name(f"{database.name}.index.{token}.part")


def drop_index(database: Path) -> None:
    """Remove the index of every view and every unfinished one; whoever writes begins again."""
    name = glob.escape(database.name)
    for pattern in (f"{name}.index", f"{name}.*.index", f"{name}.index.*.part"):
        for path in database.parent.glob(pattern):
            path.unlink(missing_ok=True)

"""What lies beside a database and says what is in its cases: it goes when a case goes."""

from __future__ import annotations

import glob
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

ABANDONED_SECONDS = 600


def index_path(database: Path, view: str = "", release_id: str = "") -> Path:
    """Where the index of a database's cases by a release is kept, if it is.

    A view of the cases has its own, and so has each release, so that another one can be made
    ready beside the one in use.
    """
    name = ".".join(filter(None, (database.name, view, release_id)))
    return database.with_name(f"{name}.index")


def unfinished_path(database: Path, token: str) -> Path:
    """Where such an index is written before it takes its place."""
    return database.with_name(f"{database.name}.index.{token}.part")


def drop_index(database: Path) -> None:
    """Remove the index of every view and release and every unfinished one.

    Whoever writes begins again.
    """
    name = glob.escape(database.name)
    for pattern in (f"{name}.index", f"{name}.*.index", f"{name}.index.*.part"):
        for path in database.parent.glob(pattern):
            path.unlink(missing_ok=True)


def drop_other_indexes(database: Path, release_ids: Collection[str]) -> None:
    """Remove the indexes by releases other than these."""
    name = glob.escape(database.name)
    kept = tuple(f".{release_id}.index" for release_id in release_ids)
    for pattern in (f"{name}.index", f"{name}.*.index"):
        for path in database.parent.glob(pattern):
            if not path.name.endswith(kept):
                path.unlink(missing_ok=True)


def drop_indexes_of(database: Path, release_id: str) -> None:
    """Remove the indexes of every view by one release."""
    name, ending = glob.escape(database.name), glob.escape(release_id)
    for path in database.parent.glob(f"{name}.*{ending}.index"):
        path.unlink(missing_ok=True)


def drop_abandoned(database: Path) -> None:
    """Remove unfinished indexes that nobody has written to for a while."""
    name = glob.escape(database.name)
    for path in database.parent.glob(f"{name}.index.*.part"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()

"""Copies of the database: dated, expired after 35 days, restored without what was erased since."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from matcher.storage import database
from matcher.storage.beside import drop_index
from matcher.storage.database import (
    Database,
    location,
    rows,
    starting_lock,
    write_transaction,
)
from matcher.storage.errors import StoreError
from matcher.storage.store import CaseStore
from web.audit import HEAD, Audit
from web.db import open_database
from web.erasure import LIST, erase_again, erased, note, noted
from web.errors import WebError

EXPIRED_AFTER = timedelta(days=35)
BEFORE_MIGRATIONS = "backups"
RESTORED = "restored a backup"


class CannotRestore(WebError):
    """A copy that is not put in place of the database, and why."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} was not restored: {why}. The database is as it was before."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put in place: from when it is, and how much of it was erased again."""

    made_at: str
    cases: int
    erased_again: int
    kept_head: Path | None


def back_up(
    db: Database,
    target: Path,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> str:
    """Write a copy of the database to `target`, which knows when it was made; that time."""
    made_at = clock().isoformat(timespec="seconds")
    with write_transaction(db):
        row = {"path": str(target.absolute()), "made_at": made_at}
        db.table("backups").insert(row)
    note(db)
    database.backup(db, target)
    return made_at


def made_at(db: Database) -> str:
    """When a copy was made, empty for a database that is none."""
    sql = "SELECT made_at FROM backups ORDER BY backup_id DESC LIMIT 1"
    found = rows(db, sql)
    return found[0]["made_at"] if found else ""


def expired(
    db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[str]:
    """A sentence for each copy that is still there after its time."""
    limit = clock() - EXPIRED_AFTER
    for path, made in sorted(_copies(db).items()):
        if made < limit:
            yield (
                f"{path} was made on {made:%Y-%m-%d} and may hold what was erased since; "
                f"a copy is kept {EXPIRED_AFTER.days} days at most, so delete it."
            )


def _copies(db: Database) -> dict[Path, datetime]:
    """The copies that are still there: those of `back_up`, and those of upgrades by their age."""
    found = {
        path: datetime.fromisoformat(row["made_at"])
        for row in rows(db, "SELECT path, made_at FROM backups ORDER BY backup_id")
        if (path := Path(row["path"])).exists()
    }
    folder = location(db).parent / BEFORE_MIGRATIONS
    for path in folder.glob("*") if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            found.setdefault(path.absolute(), made)
    return found


def restore(
    source: Path,
    target: Path,
    by: str,
    *,
    although_expired: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Restored:
    """Put a copy in place of the database at `target`, less what was erased since it was made.

    What was erased is read from the database that is replaced, if it can be read, and from the
    list beside it. Nothing may use the database meanwhile. Raises `CannotRestore`.
    """
    unfinished = target.with_name(f"{target.name}.{secrets.token_hex(4)}.restoring")
    try:
        _copied(source, unfinished)
        with closing(open_database(unfinished)) as db:
            made = _checked(db, source, clock(), although_expired)
            count = erase_again(db, _erased(target), by)
            cases = CaseStore(db).count()
            rows(db, "PRAGMA wal_checkpoint(TRUNCATE)")
            rows(db, "PRAGMA journal_mode=DELETE")
        kept = _put_in_place(unfinished, target, made)
    except (StoreError, OSError) as error:
        raise CannotRestore(source, str(error)) from error
    finally:
        for path in unfinished.parent.glob(f"{unfinished.name}*"):
            path.unlink(missing_ok=True)
    with closing(open_database(target)) as db:
        note(db)
        Audit(db).record(by, RESTORED, made_at=made, erased_again=count)
    return Restored(made_at=made, cases=cases, erased_again=count, kept_head=kept)


def _copied(source: Path, unfinished: Path) -> None:
    """Copy by SQLite, so that a source with a log beside it is read whole."""
    if not source.is_file():
        raise CannotRestore(source, "there is no such file")
    with closing(database.connect(source)) as db:
        database.backup(db, unfinished)


def _checked(db: Database, source: Path, now: datetime, although_expired: bool) -> str:
    made = made_at(db)
    if not made:
        raise CannotRestore(source, "it is no copy that 'secondcase backup' made")
    age = now - datetime.fromisoformat(made)
    if age > EXPIRED_AFTER and not although_expired:
        raise CannotRestore(
            source,
            f"it was made on {made[:10]} and expired after {EXPIRED_AFTER.days} days; if there "
            "is no younger one, give --although-expired",
        )
    if problems := CaseStore(db).check():
        first = f"{problems[0].where}: {problems[0].message}"
        raise CannotRestore(source, f"it is damaged ({first})")
    return made


def _erased(target: Path) -> Iterator[str]:
    """Ids of what was erased here, by the database that is replaced and by the list."""
    yield from noted(target.parent / LIST)
    if not target.exists():
        return
    try:
        with closing(open_database(target)) as db:
            ids = list(erased(db))
    except StoreError:
        # It is restored because it cannot be read; then the list has to do.
        return
    yield from ids


def _put_in_place(unfinished: Path, target: Path, made: str) -> Path | None:
    """Let the copy be the database; where the old file of seals is kept, if there was one."""
    with starting_lock(target):
        for end in ("-wal", "-shm"):
            target.with_name(target.name + end).unlink(missing_ok=True)
        drop_index(target)
        os.replace(unfinished, target)
    head = target.parent / HEAD
    if not head.exists():
        return None
    kept = head.with_name(f"{HEAD}.before-{made[:10]}-{secrets.token_hex(3)}")
    os.replace(head, kept)
    return kept

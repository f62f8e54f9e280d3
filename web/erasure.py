"""A case erased for good, by whoever may, and the list of erasures that outlives a backup.

Everything that is kept about the case goes with it in one transaction: its versions, lists of
matches, answers of peers, notices, drafts, conversations, verdicts. The id, the times and the
names of who changed it stay, so that it is never given again, and so does the audit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from matcher.storage.database import Database, location, rows
from matcher.storage.store import CaseStore
from web.audit import Audit
from web.errors import WebError
from web.unrecognised.forgetting import forget_case

ERASED = "erased a case"
LIST = "erased.list"


class BrokenList(WebError):
    """A list of erasures with a line that names no case."""

    def __init__(self, path: Path, line: str) -> None:
        super().__init__(
            f"{path} has a line that names no case: {line[:80]!a}; each must be JSON with a "
            "case_id."
        )


def erase(db: Database, case_id: str, by: str) -> None:
    """Erase a case, with an entry in the audit. Raises `UnknownCase` or `AuditFailed`."""
    store, audit = CaseStore(db), Audit(db)
    with audit.together():
        store.erase(case_id, by)
        forget_case(db, case_id)
        audit.record(by, ERASED, [case_id])
    # The write-ahead log still holds the old pages until it is emptied.
    rows(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    note(db)


def note(db: Database) -> None:
    """Bring the list beside the database up to date, synced to the disk.

    A backup that is older than an erasure must not bring the case back, whatever becomes of the
    database itself.
    """
    path = location(db).parent / LIST
    new = sorted(set(erased(db)) - set(noted(path)))
    if not new:
        return
    at = datetime.now(UTC).isoformat()
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        for case_id in new:
            file.write(json.dumps({"case_id": case_id, "at": at}) + "\n")
        file.flush()
        os.fsync(file.fileno())


def noted(path: Path) -> Iterator[str]:
    """The ids of a list of erasures, none where there is no list.

    Raises `BrokenList` for a line that is no entry: nobody may think that all were applied.
    """
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            yield _id_of(line, path)


def _id_of(line: str, path: Path) -> str:
    try:
        case_id = json.loads(line)["case_id"]
    except (ValueError, TypeError, KeyError) as error:
        raise BrokenList(path, line) from error
    if not isinstance(case_id, str):
        raise BrokenList(path, line)
    return case_id


def erased(db: Database) -> Iterator[str]:
    """The ids of the cases that were erased in this database."""
    sql = "SELECT DISTINCT case_id FROM revisions WHERE action = 'erased' ORDER BY case_id"
    for row in rows(db, sql):
        yield row["case_id"]


def erase_again(db: Database, case_ids: Iterator[str], by: str) -> int:
    """Erase those of the cases that a restored database has; how many it had.

    Whatever a version of them said goes, also of a case that was deleted before.
    """
    known = set(erased(db))
    wanted = sorted(set(case_ids) - known)
    store, count = CaseStore(db), 0
    for case_id in wanted:
        if rows(db, "SELECT 1 FROM revisions WHERE case_id = ? LIMIT 1", [case_id]):
            store.erase(case_id, by)
            forget_case(db, case_id)
            count += 1
    return count

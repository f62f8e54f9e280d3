"""Files that wait to be looked at: health data, so each is sealed, one person's, and soon gone.

The key comes from `secret.key`, which lies beside the database and not in it.
"""

from __future__ import annotations

import enum
import json
import secrets
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matcher.storage.database import Database, rows, write_transaction
from web.accounts.people import Person
from web.sealing import Broken, Seal

PURPOSE = b"secondcase uploads 1"
KEPT = timedelta(hours=1)
MOST_WAITING = 5


class Kind(enum.StrEnum):
    """What a file is."""

    CASES = "cases"
    TABLE = "table"
    PEDIGREE = "pedigree"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that waits, and what the columns of a table were said to hold."""

    upload_id: str
    kind: Kind
    data: bytes
    columns: Mapping[str, str] | None = None


class Uploads:
    """The files that wait in one database, over a connection of the calling thread."""

    def __init__(
        self,
        db: Database,
        secret_key: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._seal = Seal(secret_key, PURPOSE)
        self._clock = clock

    def keep(
        self, person: Person, kind: Kind, data: bytes, *, upload_id: str = ""
    ) -> str:
        """Keep a file for an hour; its id. Of too many of a person the oldest go."""
        upload_id = upload_id or secrets.token_hex(16)
        packed = zlib.compress(data)
        row = {
            "upload_id": upload_id,
            "person_id": person.person_id,
            "kind": kind.value,
            "sealed": self._seal.closed_bytes(packed, [upload_id, "file"]),
            "made_at": self._clock().isoformat(),
        }
        with write_transaction(self._db):
            erase_expired(self._db, self._clock())
            self._db.table("uploads").insert(row)
            self._db.execute(_TOO_MANY, [person.person_id] * 2 + [MOST_WAITING])
        return upload_id

    def find(self, person: Person, upload_id: str) -> Upload | None:
        """A file of this person, None where it is another's, too old, or not there."""
        sql = "SELECT * FROM uploads WHERE upload_id = ? AND person_id = ? AND made_at >= ?"
        oldest = (self._clock() - KEPT).isoformat()
        found = rows(self._db, sql, [upload_id, person.person_id, oldest])
        if not found:
            return None
        row = found[0]
        try:
            packed = self._seal.opened_bytes(row["sealed"], [upload_id, "file"])
            columns = (
                self._seal.opened(row["sealed_columns"], [upload_id, "columns"])
                if row["sealed_columns"]
                else None
            )
        except Broken:
            return None
        return Upload(
            upload_id=upload_id,
            kind=Kind(row["kind"]),
            data=zlib.decompress(packed),
            columns=json.loads(columns) if columns else None,
        )

    def map(self, upload_id: str, columns: Mapping[str, str] | None) -> None:
        """Keep what the columns of a table hold; None asks again."""
        text = None if columns is None else json.dumps(dict(columns))
        sealed = text and self._seal.closed(text, [upload_id, "columns"])
        with write_transaction(self._db):
            sql = "UPDATE uploads SET sealed_columns = ? WHERE upload_id = ?"
            self._db.execute(sql, [sealed, upload_id])

    def erase(self, upload_id: str) -> None:
        """Let a file go, in the transaction of what became of it if there is one."""
        with write_transaction(self._db):
            self._db.execute("DELETE FROM uploads WHERE upload_id = ?", [upload_id])


def erase_expired(db: Database, now: datetime | None = None) -> None:
    """Let every file go that has waited for an hour."""
    oldest = ((now or datetime.now(UTC)) - KEPT).isoformat()
    if rows(db, "SELECT 1 FROM uploads WHERE made_at < ? LIMIT 1", [oldest]):
        with write_transaction(db):
            db.execute("DELETE FROM uploads WHERE made_at < ?", [oldest])


_TOO_MANY = """
    DELETE FROM uploads WHERE person_id = ? AND upload_id NOT IN (
        SELECT upload_id FROM uploads WHERE person_id = ?
        ORDER BY made_at DESC, rowid DESC LIMIT ?
    )
"""

"""What was disclosed, to whom and when, in a chain that shows every later change.

An entry holds ids, names of fields and counts, never what a field says. Each is sealed with an
HMAC of its content and of the seal before it, so that only who has the key can write one. The
seals also stand in a file beside the database, which tells when the last entries are cut off.
"""

from __future__ import annotations

import hmac
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matcher.storage.database import Database, location, rows, write_transaction
from matcher.storage.errors import StoreError
from web.audit_head import AuditHead
from web.errors import BadSettings, WebError
from web.config.secret_key import secret_key

BEGINNING = "0" * 64
HEAD = "audit.head"
PURPOSE = b"secondcase audit seal 1"
PAGE = 10_000
# Who asks for it sees who asked, and when: that goes into the audit as well.
LOOKED_UP = "looked up who was told of a case"


class AuditFailed(WebError):
    """An entry that could not be written, so that what it would tell of did not happen."""

    def __init__(self) -> None:
        super().__init__(
            "The audit could not be written, so nothing was disclosed; "
            "the operator of this node can run 'secondcase doctor'."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `number` counts from 1 without a gap."""

    number: int
    at: str
    actor: str
    action: str
    case_ids: tuple[str, ...]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Break:
    """The first entry from which the chain cannot be trusted, and why."""

    number: int
    message: str


class Audit:
    """The audit chain of one database, over a connection of the calling thread.

    Without a `key` the seals are made with the `secret.key` beside the database, and without a
    `head` they are noted beside it too. Raises `BadSettings` if there is no key to be had.
    """

    def __init__(
        self,
        db: Database,
        key: bytes | None = None,
        head: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        folder = location(db).parent
        self._db = db
        self._key = key or seal_key(_secret(folder))
        self._head = AuditHead(head or folder / HEAD)
        self._clock = clock

    def record(
        self,
        actor: str,
        action: str,
        case_ids: Sequence[str] = (),
        *,
        also: Callable[[], object] = lambda: None,
        **facts: Any,
    ) -> None:
        """Add an entry for good, before what it tells of is done. Raises `AuditFailed`.

        In an open write transaction it is a part of that one, and noted in the file of seals
        together with the next entry. `also` writes what belongs to the entry, in its
        transaction: both are kept, or neither.
        """
        nested = self._db.conn.in_transaction
        try:
            with write_transaction(self._db):
                number = self._insert(actor, action, case_ids, facts)
                also()
            if not nested:
                self._note(number)
        except (StoreError, sqlite3.Error, OSError) as error:
            raise AuditFailed from error

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep the entries of the block and whatever else it writes, or nothing of it.

        What the block reads stays true until it is written. Raises `AuditFailed`; what the store
        refuses of the block, such as a version that somebody has changed, comes through as itself.
        """
        nested = self._db.conn.in_transaction
        try:
            with write_transaction(self._db):
                yield
                last = self._last()
        except (sqlite3.Error, OSError) as error:
            raise AuditFailed from error
        if last and not nested:
            self._noted(last["number"])

    def _noted(self, number: int) -> None:
        try:
            self._note(number)
        except (StoreError, sqlite3.Error, OSError) as error:
            raise AuditFailed from error

    def entries(
        self, case_id: str | None = None, *, since: str = ""
    ) -> Iterator[Entry]:
        """Entries in their order; with `case_id` those that tell who saw that case.

        `since` is the time before which none is wanted, as an entry says it.
        """
        for row in self._rows(since):
            entry = _entry(row)
            if case_id is None or case_id in entry.case_ids:
                yield entry

    def looked_up(self, case_id: str, by: str) -> list[Entry]:
        """Who was told of a case so far; that it was looked up is the next entry.

        Raises `AuditFailed`, and then tells nothing.
        """
        found = list(self.entries(case_id))
        self.record(by, LOOKED_UP, [case_id])
        return found

    def latest(self, actions: Sequence[str]) -> Entry | None:
        """The last entry of one of these actions, None if there is none."""
        sql = """
            SELECT * FROM audit WHERE action IN (SELECT value FROM json_each(?))
            ORDER BY number DESC LIMIT 1
        """
        found = rows(self._db, sql, [json.dumps(list(actions))])
        return _entry(found[0]) if found else None

    def first_break(self, head: Path | None = None) -> Break | None:
        """The first entry that was edited, moved, written by others or is missing, if any.

        `head` is a copy of the file of seals that was kept elsewhere.
        """
        # Read first: whatever it holds was in the database before.
        noted = (AuditHead(head) if head else self._head).seals()
        before, length = BEGINNING, 0
        for row in self._rows():
            length += 1
            seal = row.pop("seal")
            if row["number"] != length:
                return Break(length, f"entry {length} is missing")
            if not hmac.compare_digest(seal.encode(), self._seal(before, row).encode()):
                return Break(
                    length,
                    f"entry {length} was changed, or sealed with another secret.key",
                )
            if noted.get(length, {seal}) != {seal}:
                return Break(length, f"entry {length} is not the one noted in {HEAD}")
            before = seal
        return _cut_off(length, noted)

    def length(self) -> int:
        """How many entries there are."""
        count: int = self._db.table("audit").count
        return count

    def _insert(
        self,
        actor: str,
        action: str,
        case_ids: Sequence[str],
        facts: Mapping[str, Any],
    ) -> int:
        last = self._last()
        number: int = last["number"] + 1 if last else 1
        row = {
            "number": number,
            "at": self._clock().isoformat(timespec="milliseconds"),
            "actor": actor,
            "action": action,
            "case_ids": json.dumps(list(case_ids)),
            "facts": json.dumps(facts, sort_keys=True),
        }
        before = last["seal"] if last else BEGINNING
        sealed = {**row, "seal": self._seal(before, row)}
        named = ", ".join(f":{column}" for column in sealed)
        # Not by `insert`, which looks up the columns of the table each time.
        self._db.execute(
            f"INSERT INTO audit ({', '.join(sealed)}) VALUES ({named})", sealed
        )
        return number

    def _note(self, number: int) -> None:
        """Note an entry in the file, with those before that a crash kept out of it."""
        first = min(self._head.last_number() + 1, number)
        sql = "SELECT number, seal FROM audit WHERE number BETWEEN ? AND ? ORDER BY number"
        found = rows(self._db, sql, [first, number])
        self._head.append((row["number"], row["seal"]) for row in found)

    def _rows(self, since: str = "") -> Iterator[dict[str, Any]]:
        sql = """
            SELECT * FROM audit WHERE number > ? AND at >= ? ORDER BY number LIMIT ?
        """
        # No number is lower, whatever somebody wrote into the table.
        last = -(2**63)
        while page := rows(self._db, sql, [last, since, PAGE]):
            last = page[-1]["number"]
            yield from page

    def _last(self) -> dict[str, Any] | None:
        sql = "SELECT * FROM audit ORDER BY number DESC LIMIT 1"
        return next(iter(rows(self._db, sql)), None)

    def _seal(self, before: str, row: Mapping[str, Any]) -> str:
        content = json.dumps([before, *(row[name] for name in sorted(row))])
        return hmac.digest(self._key, content.encode(), "sha256").hex()


def seal_key(secret_key: str) -> bytes:
    """The key of the seals: made from the site's secret, and of no use for anything else."""
    return hmac.digest(secret_key.encode(), PURPOSE, "sha256")


def _secret(folder: Path) -> str:
    problems: list[str] = []
    found = secret_key(folder, problems)
    if problems:
        raise BadSettings(tuple(problems))
    return found


def _cut_off(length: int, noted: Mapping[int, set[str]]) -> Break | None:
    """What the file of seals says about a chain that is whole up to its last entry."""
    last = max(noted, default=0)
    if last > length:
        return Break(
            length + 1,
            f"entries {length + 1} to {last} are missing, which {HEAD} has: they were cut off, "
            "or an older copy of the database was restored",
        )
    gap = next((n for n in range(1, last) if n not in noted), None)
    if gap is not None:
        return Break(gap, f"entry {gap} was taken out of {HEAD}")
    if length > 1 and not noted:
        return Break(
            1,
            f"{HEAD} is missing or empty, so entries may have been cut off at the end",
        )
    return None


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        number=row["number"],
        at=row["at"],
        actor=row["actor"],
        action=row["action"],
        case_ids=tuple(json.loads(row["case_ids"])),
        facts=json.loads(row["facts"]),
    )

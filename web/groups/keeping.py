"""The groups that were made for each site, kept until a member goes or they are made again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.saving import last_revision
from web.groups.views import fingerprint, revisions
from web.work.outbox import text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the groups of a site were made from, and when.

    `basis` names release, calibration, settings and version, `fingerprint` the cases; both hold
    for every change up to `as_of`. `seconds` is how long making them took.
    """

    site: str
    basis: str
    fingerprint: str
    as_of: int
    made_at: str
    seconds: float
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A case of a group. `x` and `y`, from 0 to 1, are None where the picture leaves it out."""

    case_id: str
    revision: int
    firmness: float | None
    x: float | None
    y: float | None
    site: str = ""
    has_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """A confident match between two members, named by their places in the group."""

    one: int
    other: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptGroup:
    """A group as it is told: `body` is `Group.to_json` without the ids of its cases."""

    body: Mapping[str, Any]
    members: tuple[Member, ...]
    ties: tuple[Tie, ...]
    own: int
    link: str = ""

    @property
    def sites(self) -> tuple[str, ...]:
        """Of its members, the commonest first."""
        return tuple(self.body["sites"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which groups to show; by default all of them."""

    undiagnosed: bool = False
    gene: bool = False
    own: bool = False
    sites: int = 0

    @property
    def condition(self) -> str:
        """The same for SQL; there is nothing in it but numbers and words of this module."""
        tests = {
            "diagnosed = 0": self.undiagnosed,
            "genes > 0": self.gene,
            "own > 0": self.own,
            f"sites >= {self.sites:d}": self.sites,
        }
        return " AND ".join(
            ["site = ?", *(sql for sql, is_on in tests.items() if is_on)]
        )


class KeptGroups:
    """The kept groups of one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    # Reading

    def view(self, site: str) -> View | None:
        """What the groups of a site were made from, None before they were."""
        found = rows(self._db, "SELECT * FROM group_views WHERE site = ?", [site])
        if not found:
            return None
        return View(**{**found[0], "facts": json.loads(found[0]["facts"])})

    def is_current(self, view: View) -> bool:
        """Whether every case that the site's groups are made of is as it was."""
        if view.as_of == last_revision(self._db):
            return True
        return view.fingerprint == fingerprint(revisions(self._db, view.site).items())

    def count(self, site: str, wanted: Wanted = Wanted()) -> int:
        """How many groups of a site are wanted."""
        sql = f"SELECT count(*) AS n FROM kept_groups WHERE {wanted.condition}"
        return int(rows(self._db, sql, [site])[0]["n"])

    def found(
        self, site: str, wanted: Wanted, *, limit: int, offset: int = 0
    ) -> tuple[KeptGroup, ...]:
        """Those of a site, in the order in which they are told."""
        sql = f"""
            SELECT * FROM kept_groups WHERE {wanted.condition}
            ORDER BY place LIMIT {limit:d} OFFSET {offset:d}
        """
        return tuple(self._group(row) for row in rows(self._db, sql, [site]))

    def get(self, site: str, link: str) -> KeptGroup | None:
        """A group of a site, None if it is another site's or there is none."""
        sql = "SELECT * FROM kept_groups WHERE site = ? AND link = ?"
        found = rows(self._db, sql, [site, link])
        return self._group(found[0]) if found else None

    # Writing

    def touch(self, site: str, as_of: int) -> None:
        """Note that nothing which matters to a site has changed up to a revision."""
        with write_transaction(self._db):
            sql = "UPDATE group_views SET as_of = ? WHERE site = ?"
            self._db.execute(sql, [as_of, site])

    def keep(self, view: View, groups: Sequence[KeptGroup]) -> None:
        """Let these be the groups of a site.

        A group with a member that was removed or hidden while they were made is left out.
        """
        # Before the lock is taken, for which everybody who saves a case waits.
        told = [(group, _row(view.site, at, group)) for at, group in enumerate(groups)]
        facts = json.dumps(view.facts)
        with write_transaction(self._db):
            visible = revisions(self._db, view.site)
            self._db.execute("DELETE FROM group_views WHERE site = ?", [view.site])
            self._db.execute(
                "INSERT INTO group_views VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    *(view.site, view.basis, view.fingerprint, view.as_of),
                    *(view.made_at, view.seconds, facts),
                ],
            )
            self._insert(
                (group, row)
                for group, row in told
                if all(member.case_id in visible for member in group.members)
            )

    def now(self) -> str:
        """The time of the clock as it is kept."""
        return text_of(self._clock())

    def _insert(self, groups: Iterable[tuple[KeptGroup, Sequence[object]]]) -> None:
        last = "SELECT coalesce(max(group_id), 0) AS n FROM kept_groups"
        numbered = list(enumerate(groups, rows(self._db, last)[0]["n"] + 1))
        for table, values in (
            ("kept_groups", [(number, *row) for number, (_, row) in numbered]),
            (
                "kept_group_members",
                [
                    (number, at, *_values(member))
                    for number, (group, _) in numbered
                    for at, member in enumerate(group.members)
                ],
            ),
            (
                "kept_group_ties",
                [
                    (number, tie.one, tie.other, tie.probability)
                    for number, (group, _) in numbered
                    for tie in group.ties
                ],
            ),
        ):
            if values:
                marks = ", ".join("?" * len(values[0]))
                sql = f"INSERT INTO {table} VALUES ({marks})"
                self._db.conn.executemany(sql, values)

    def _group(self, row: Mapping[str, Any]) -> KeptGroup:
        values = [row["group_id"]]
        return KeptGroup(
            link=row["link"],
            own=row["own"],
            body=json.loads(row["body"]),
            members=tuple(
                Member(**{**member, "has_changed": bool(member["has_changed"])})
                for member in rows(self._db, _MEMBERS, values)
            ),
            ties=tuple(Tie(**tie) for tie in rows(self._db, _TIES, values)),
        )


_MEMBERS = """
    SELECT case_id, member.revision, firmness, x, y, coalesce(cases.site, '') AS site,
        member.revision <> cases.revision AS has_changed
    FROM kept_group_members AS member JOIN cases USING (case_id)
    WHERE group_id = ? ORDER BY position
"""
_TIES = """
    SELECT one, other, probability FROM kept_group_ties WHERE group_id = ?
    ORDER BY probability DESC, one, other
"""


def _row(site: str, place: int, group: KeptGroup) -> Sequence[object]:
    """The columns of a group behind its number."""
    return (
        site,
        link_of(group.members),
        place,
        group.own,
        len(group.sites),
        group.body["diagnosed"],
        len(group.body["genes"]),
        json.dumps(group.body, ensure_ascii=False),
    )


def _values(member: Member) -> Sequence[object]:
    return member.case_id, member.revision, member.firmness, member.x, member.y


def link_of(members: Sequence[Member]) -> str:
    """The address of a group: the same as long as it has the same members."""
    ids = "\0".join(sorted(member.case_id for member in members))
    return hashlib.sha256(ids.encode()).hexdigest()[:16]

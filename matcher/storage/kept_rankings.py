"""Where answers are kept, so that they can be computed again and compared with later ones.

A kept ranking holds no id and no content of a case: it names revisions of the store, and an
erased case takes with it what was kept about it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import (
    DamagedRanking,
    ErasedCase,
    UnknownCase,
    UnknownRanking,
)
from matcher.storage.kept_rows import (
    Basis,
    KeptRanking,
    RankingToKeep,
    basis_of,
    basis_text,
    content_of,
    match_of,
    refuse_damaged,
    said_text,
    sealed_ranking,
    sha256,
)
from matcher.storage.rows import Action, Revision, Row, past_revision

__all__ = ["KeptRankings", "damaged", "forget"]

_OF_CASE = """
    SELECT kept_rankings.* FROM kept_rankings JOIN revisions ON revision = query
    WHERE case_id = ?
"""
_MATCHES = """
    SELECT kept_matches.*, case_id, version
    FROM kept_matches LEFT JOIN revisions ON revision = candidate
    WHERE ranking = ? ORDER BY rank
"""


class KeptRankings:
    """The kept rankings of one database. An instance belongs to the thread that made it."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def keep(self, ranking: RankingToKeep) -> int | None:
        """Keep an answer; its number, or None if there is nothing new to keep.

        Nothing new is what the last one of the case says, or the last one of the same actor.
        Nor is an answer kept that one of its cases outran: it would name a state of that case
        that it was not computed from.
        """
        if self._is_known(ranking):
            return None
        with write_transaction(self._db):
            # Another process may have kept the same meanwhile.
            drawn = self._drawn(ranking)
            if drawn is None or self._is_last(*drawn, ranking):
                return None
            return self._insert(*drawn, basis_text(ranking.basis))

    def get(self, number: int) -> KeptRanking:
        """One ranking. Raises `UnknownRanking`, or `DamagedRanking` if bytes changed."""
        found = rows(
            self._db, "SELECT * FROM kept_rankings WHERE ranking = ?", [number]
        )
        if not found:
            raise UnknownRanking(number)
        return self._ranking(found[0])

    def of_case(self, query_id: str) -> tuple[KeptRanking, ...]:
        """The rankings of one query case, oldest first; of an erased one there are none."""
        sql = f"{_OF_CASE} ORDER BY ranking"
        return tuple(map(self._ranking, rows(self._db, sql, [query_id])))

    def numbers(self, query_id: str | None = None) -> tuple[int, ...]:
        """The numbers of all rankings, or of those of one query case, oldest first."""
        sql = """
            SELECT ranking FROM kept_rankings LEFT JOIN revisions ON revision = query
            WHERE ?1 IS NULL OR case_id = ?1 ORDER BY ranking
        """
        found = rows(self._db, sql, [query_id])
        return tuple(row["ranking"] for row in found)

    def first_named(self, query_id: str) -> dict[str, str]:
        """When each candidate stood on a list of the case first."""
        sql = """
            SELECT named.case_id, min(kept_at) AS first FROM kept_rankings
            JOIN revisions AS asking ON asking.revision = query
            JOIN kept_matches USING (ranking)
            JOIN revisions AS named ON named.revision = candidate
            WHERE asking.case_id = ? GROUP BY named.case_id
        """
        found = rows(self._db, sql, [query_id])
        return {row["case_id"]: row["first"] for row in found}

    def last_kept(self, query_id: str, before: str) -> str:
        """When the last list of the case before a moment was kept, "" if there is none."""
        sql = f"SELECT max(kept_at) AS last FROM ({_OF_CASE} AND kept_at < ?)"
        return str(rows(self._db, sql, [query_id, before])[0]["last"] or "")

    def bases(self) -> Iterator[tuple[Basis, int]]:
        """What rankings were computed with, each with the number of rankings it stands under.

        Raises `DamagedRanking`.
        """
        sql = """
            SELECT kept_bases.*, min(ranking) AS first, count(*) AS n
            FROM kept_bases JOIN kept_rankings USING (basis) GROUP BY basis ORDER BY basis
        """
        for row in rows(self._db, sql):
            yield basis_of(row, row["first"]), row["n"]

    def revision(self, revision: int) -> Revision:
        """One state of a case. Raises `ErasedCase` if what it said is gone."""
        sql = "SELECT * FROM revisions WHERE revision = ?"
        (row,) = rows(self._db, sql, [revision])
        found = past_revision(row)
        if found.case is None:
            self.refuse_erased(found.case_id)
        return found

    def refuse_erased(self, case_id: str) -> None:
        """Raise `ErasedCase` if the case was erased."""
        last = self.state(case_id, None)
        if last is not None and last.action == Action.ERASED:
            raise ErasedCase(case_id, last.saved_at)

    def state(self, case_id: str, as_of: int | None) -> Revision | None:
        """The last state of a case up to a revision of the store, None before its first."""
        sql = """
            SELECT * FROM revisions WHERE case_id = ? AND revision <= coalesce(?, revision)
            ORDER BY version DESC LIMIT 1
        """
        found = rows(self._db, sql, [case_id, as_of])
        return past_revision(found[0]) if found else None

    def last_saved(self, case_id: str) -> Revision | None:
        """What a case said last, also if it was deleted since; without a case if erased."""
        sql = """
            SELECT * FROM revisions WHERE case_id = ? AND action = ?
            ORDER BY version DESC LIMIT 1
        """
        found = rows(self._db, sql, [case_id, Action.SAVED.value])
        return past_revision(found[0]) if found else None

    def _is_known(self, ranking: RankingToKeep) -> bool:
        """Whether it need not be kept, asked without holding up any writer."""
        drawn = self._drawn(ranking)
        return drawn is None or self._is_last(*drawn, ranking)

    def _drawn(
        self, ranking: RankingToKeep
    ) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        """The rows to write; None if a case is not what was ranked any more."""
        ids = [ranking.query_id, *(match.case_id for match in ranking.matches)]
        current = self._current(ids)
        if len(current) < len(set(ids)) or max(current.values()) > ranking.as_of:
            return None
        row = {
            "query": current[ranking.query_id],
            "basis": self._basis_number(basis_text(ranking.basis)),
            "as_of": ranking.as_of,
            "actor": ranking.actor,
            "place": ranking.place,
            "searched": ranking.searched,
            "at_most": ranking.at_most,
        }
        matches = [
            {
                "rank": match.rank,
                "candidate": current[match.case_id],
                "said": said_text(match, ranking.basis.kinds),
            }
            for match in ranking.matches
        ]
        return row, matches

    def _current(self, case_ids: list[str]) -> dict[str, int]:
        """The current revision of each of these cases that there is."""
        sql = """
            SELECT case_id, revision FROM cases
            WHERE case_id IN (SELECT value FROM json_each(?))
        """
        found = rows(self._db, sql, [json.dumps(case_ids)])
        return {row["case_id"]: row["revision"] for row in found}

    def _basis_number(self, basis: str) -> int | None:
        sql = "SELECT basis FROM kept_bases WHERE sha256 = ?"
        found = rows(self._db, sql, [sha256(basis)])
        return found[0]["basis"] if found else None

    def _is_last(
        self, row: Row, matches: list[dict[str, Any]], ranking: RankingToKeep
    ) -> bool:
        content = content_of(row, matches)
        by_actor = " AND kept_rankings.actor = ?"
        asked = [
            ("", [ranking.query_id]),
            (by_actor, [ranking.query_id, ranking.actor]),
        ]
        last = [
            rows(self._db, f"{_OF_CASE}{where} ORDER BY ranking DESC LIMIT 1", values)
            for where, values in asked
        ]
        return any(found and found[0]["content"] == content for found in last)

    def _insert(
        self, row: dict[str, Any], matches: list[dict[str, Any]], basis: str
    ) -> int:
        if row["basis"] is None:
            made = self._db.conn.execute(
                "INSERT INTO kept_bases (sha256, body) VALUES (?, ?)",
                [sha256(basis), basis],
            )
            row = {**row, "basis": made.lastrowid}
        number = self._next_number()
        moment = self._clock().astimezone(UTC).isoformat(timespec="microseconds")
        filled = {**row, "ranking": number, "kept_at": moment}
        self._db.table("kept_rankings").insert(sealed_ranking(filled, matches))
        self._db.conn.executemany(
            "INSERT INTO kept_matches (ranking, rank, candidate, said) "
            f"VALUES ({number}, :rank, :candidate, :said)",
            matches,
        )
        return number

    def _next_number(self) -> int:
        # Never one that was given before, also of a ranking that is gone.
        sql = "SELECT seq FROM sqlite_sequence WHERE name = 'kept_rankings'"
        found = rows(self._db, sql)
        return int(found[0]["seq"]) + 1 if found else 1

    def _ranking(self, row: Row) -> KeptRanking:
        number = row["ranking"]
        matches = rows(self._db, _MATCHES, [number])
        refuse_damaged(row, matches)
        found = rows(
            self._db, "SELECT * FROM kept_bases WHERE basis = ?", [row["basis"]]
        )
        if not found:
            raise DamagedRanking(number, "what it was computed with is gone")
        basis = basis_of(found[0], number)
        sql = "SELECT case_id, version FROM revisions WHERE revision = ?"
        (query,) = rows(self._db, sql, [row["query"]])
        names = (
            "as_of",
            "kept_at",
            "actor",
            "place",
            "searched",
            "at_most",
        )
        return KeptRanking(
            number=number,
            query_id=query["case_id"],
            query_revision=row["query"],
            query_version=query["version"],
            basis=basis,
            matches=tuple(match_of(match, basis.kinds) for match in matches),
            **{name: row[name] for name in names},
        )


def forget(db: Database, case_id: str) -> None:
    """Remove what was kept about a case, in the transaction that erases it.

    Rankings that it asked for go; from others it is taken out, and they are sealed again.
    """
    values = [case_id]
    revisions = "(SELECT revision FROM revisions WHERE case_id = ?)"
    named = rows(
        db,
        f"SELECT DISTINCT ranking FROM kept_matches WHERE candidate IN {revisions}",
        values,
    )
    damaged_ones = [row["ranking"] for row in named if _damage(db, row["ranking"])]
    for table in ("kept_matches WHERE candidate", "kept_rankings WHERE query"):
        db.conn.execute(f"DELETE FROM {table} IN {revisions}", values)
    for number in (row["ranking"] for row in named):
        if number in damaged_ones:
            # Sealed again it would look whole; what it said cannot be trusted anyway.
            db.conn.execute("DELETE FROM kept_rankings WHERE ranking = ?", [number])
        else:
            _seal_again(db, number)
    # A condition can be a sign of the case that asked.
    sql = "DELETE FROM kept_bases WHERE basis NOT IN (SELECT basis FROM kept_rankings)"
    db.conn.execute(sql)


def damaged(db: Database) -> Iterator[tuple[str, str]]:
    """Each kept ranking that is not what was kept: its table, and a sentence."""
    kept = KeptRankings(db)
    for number in kept.numbers():
        if reason := _damage(db, number):
            yield "kept_rankings", reason


def _damage(db: Database, number: int) -> str:
    try:
        KeptRankings(db).get(number)
    except (DamagedRanking, UnknownCase) as error:
        return str(error)
    return ""


def _seal_again(db: Database, number: int) -> None:
    sql = "SELECT * FROM kept_rankings WHERE ranking = ?"
    for row in rows(db, sql, [number]):
        sealed = sealed_ranking(row, rows(db, _MATCHES, [number]))
        db.table("kept_rankings").update(number, sealed)

"""The verdicts of a site in its database: each word of it is kept, the last one counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from matcher.case import Sharing
from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import UnknownCase
from web.mme.nodes.errors import UnknownNode
from web.verdicts.verdict import Judged, PairKey, Said, Verdict
from web.viewing.visibility import Viewer, may_meet, may_open

_VERDICTS = "SELECT verdicts.*, name FROM verdicts LEFT JOIN nodes USING (node_id)"
_LAST = """
    verdict_id IN (
        SELECT max(verdict_id) FROM verdicts WHERE site = :site
        GROUP BY case_id, other_id, node_id, remote_id
    )
"""
_OF_PAIR = """
    site = :site AND case_id = :case_id AND other_id IS :other_id
    AND node_id IS :node_id AND remote_id IS :remote_id
"""


class _Owned:
    """What decides who sees a case, as its row says it."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.site: str | None = row["site"]
        self.submitter: str | None = row["submitter"]
        self.sharing = Sharing(row["sharing"])


class Verdicts:
    """The verdicts of one site, over a connection of the calling thread.

    None of them moves a score.
    """

    def __init__(
        self,
        db: Database,
        site: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._site = site
        self._clock = clock

    def give(self, pair: PairKey, judged: Judged, by: str) -> bool:
        """Keep what was said of a pair; False if it was said before and nothing else since.

        Raises `UnknownCase` or `UnknownNode` for what is gone meanwhile.
        """
        with write_transaction(self._db):
            values = self._values(pair)
            self._require(values)
            last = next(iter(self.history(pair)), None)
            if last is not None and _same_words(last.judged, judged):
                return False
            row = {
                **values,
                "said": str(judged.said),
                "reason": judged.reason if judged.said is Said.NOT else "",
                "note": judged.note,
                "band": judged.band,
                "probability": judged.probability,
                "given_by": by,
                "given_at": self._clock().astimezone(UTC).isoformat(timespec="seconds"),
            }
            self._db.table("verdicts").insert(row)
        return True

    def history(self, pair: PairKey) -> list[Verdict]:
        """Everything that was said of a pair, the last word first."""
        sql = f"{_VERDICTS} WHERE {_OF_PAIR} ORDER BY verdict_id DESC"
        return [_verdict(row) for row in rows(self._db, sql, self._values(pair))]

    def of_case(self, case_id: str) -> dict[tuple[str, str], Verdict]:
        """The last word of each pair of a case, by the other's node, "" for this one, and id."""
        sql = f"""
            {_VERDICTS} WHERE {_LAST} AND (case_id = :case_id OR other_id = :case_id)
        """
        found = rows(self._db, sql, {"site": self._site, "case_id": case_id})
        verdicts = map(_verdict, found)
        return {each.pair.beside(case_id): each for each in verdicts}

    def seen_by(self, person: Viewer) -> list[Verdict]:
        """The last word of each pair that the person may open and meet, newest first."""
        sql = f"{_VERDICTS} WHERE {_LAST} ORDER BY verdict_id DESC"
        found = [_verdict(row) for row in rows(self._db, sql, {"site": self._site})]
        cases = self._cases()
        return [each for each in found if self._is_visible(person, each.pair, cases)]

    def _is_visible(
        self, person: Viewer, pair: PairKey, cases: dict[str, _Owned]
    ) -> bool:
        both = [cases[each] for each in (pair.case_id, pair.other_id) if each]
        return any(may_open(person, each) for each in both) and all(
            may_meet(person, each) for each in both
        )

    def _cases(self) -> dict[str, _Owned]:
        """Every case that a verdict names."""
        sql = """
            SELECT case_id, site, submitter, sharing FROM cases WHERE case_id IN (
                SELECT case_id FROM verdicts UNION SELECT other_id FROM verdicts
            )
        """
        return {row["case_id"]: _Owned(row) for row in rows(self._db, sql)}

    def _values(self, pair: PairKey) -> dict[str, Any]:
        kept = pair.ordered
        return {
            "site": self._site,
            "case_id": kept.case_id,
            "other_id": kept.other_id or None,
            "node_id": self._node_id(kept.node) if kept.node else None,
            "remote_id": kept.remote_id if kept.node else None,
        }

    def _node_id(self, name: str) -> int:
        found = rows(self._db, "SELECT node_id FROM nodes WHERE name = ?", [name])
        if not found:
            raise UnknownNode(name)
        return int(found[0]["node_id"])

    def _require(self, values: dict[str, Any]) -> None:
        for case_id in filter(None, (values["case_id"], values["other_id"])):
            sql = "SELECT 1 FROM cases WHERE case_id = ?"
            if not rows(self._db, sql, [case_id]):
                raise UnknownCase(case_id)


def _same_words(last: Judged, new: Judged) -> bool:
    words = (last.said, last.reason, last.note)
    return words == (new.said, new.reason if new.said is Said.NOT else "", new.note)


def _verdict(row: dict[str, Any]) -> Verdict:
    return Verdict(
        pair=PairKey(
            case_id=row["case_id"],
            other_id=row["other_id"] or "",
            node=row["name"] or "",
            remote_id=row["remote_id"] or "",
        ),
        judged=Judged(
            said=Said(row["said"]),
            reason=row["reason"],
            note=row["note"],
            band=row["band"],
            probability=row["probability"],
        ),
        given_by=row["given_by"],
        given_at=row["given_at"],
    )

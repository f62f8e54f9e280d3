"""The little of each case that a long list needs, read without making a case of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from matcher.case import Case, Sharing
from matcher.storage.database import Database, rows
from matcher.storage.errors import DamagedCase
from matcher.storage.rows import Action, Row, fingerprint

# A body that is no JSON is damaged, which the fingerprint tells.
_HEADS = """
    SELECT cases.case_id AS id, cases.revision AS pointer, revisions.*,
        CASE WHEN json_valid(body) THEN json_extract(body, '$.case.label') END AS label,
        CASE WHEN json_valid(body) THEN json_extract(body, '$.case.sharing') END AS sharing,
        CASE WHEN json_valid(body) THEN json_extract(body, '$.case.solved') END AS solved
    FROM cases LEFT JOIN revisions ON revisions.revision = cases.revision
    WHERE cases.site = ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of a case before it is read whole. `saved_at` is UTC in ISO 8601."""

    case_id: str
    label: str
    site: str | None
    submitter: str | None
    sharing: Sharing
    solved: bool
    saved_at: str


def heads(
    db: Database,
    *,
    site: str,
    submitter: str | None,
    on_damage: Callable[[DamagedCase], None],
) -> Iterator[Head]:
    """Those of a site, or of one submitter there, whose rows are as they were saved."""
    sql, values = (_HEADS, [site])
    if submitter is not None:
        sql, values = f"{sql} AND cases.submitter = ?", [site, submitter]
    for row in rows(db, sql, values):
        if row["case_id"] != row["id"] or row["action"] != Action.SAVED:
            reason = "it points at a wrong revision"
        elif fingerprint(row) != row["sha256"]:
            reason = "its content is not what was saved"
        else:
            yield _head(row)
            continue
        on_damage(DamagedCase(row["id"], row["pointer"], reason))


def _head(row: Row) -> Head:
    # Fields at their default are left out of a body.
    empty = Case(case_id=row["id"])
    return Head(
        case_id=row["id"],
        label=row["label"] or empty.label,
        site=row["site"],
        submitter=row["submitter"],
        sharing=Sharing(row["sharing"] or empty.sharing),
        solved=bool(row["solved"]),
        saved_at=row["saved_at"],
    )


def named_terms(db: Database) -> tuple[str, ...]:
    """Every term that a case names as entered, observed or excluded."""
    found = rows(db, "SELECT DISTINCT term_id FROM case_features")
    return tuple(row["term_id"] for row in found)


def named_genes(db: Database) -> tuple[str, ...]:
    """Every gene that a case names as entered."""
    return tuple(
        row["gene"] for row in rows(db, "SELECT DISTINCT gene FROM case_genes")
    )


def naming(db: Database, *, terms: Iterable[str], genes: Iterable[str]) -> set[str]:
    """Ids of the cases that name one of the terms or of the genes as entered."""
    sql = """
        SELECT case_id FROM case_features WHERE term_id IN (SELECT value FROM json_each(?))
        UNION
        SELECT case_id FROM case_genes WHERE gene IN (SELECT value FROM json_each(?))
    """
    values = [json.dumps(list(terms)), json.dumps(list(genes))]
    return {row["case_id"] for row in rows(db, sql, values)}

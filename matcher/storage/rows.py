"""A case as rows of the store's tables and back, each row with a fingerprint of its content."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matcher.storage import codec
from matcher.case import Case, Sharing
from matcher.storage.codec import UnreadableCase
from matcher.storage.errors import DamagedCase

Row = Mapping[str, Any]

# In this order they make the fingerprint, so that no column can change unnoticed.
COLUMNS = (
    "revision",
    "case_id",
    "version",
    "action",
    "saved_at",
    "actor",
    "site",
    "submitter",
    "external_id",
    "body",
)

# A left join, so that a case whose revision is gone is found damaged, not missing.
CURRENT = """
    SELECT cases.case_id AS id, cases.revision AS pointer, revisions.*
    FROM cases LEFT JOIN revisions ON revisions.revision = cases.revision
"""


class Action(enum.StrEnum):
    """What a revision did to its case."""

    SAVED = "saved"
    DELETED = "deleted"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """A case as the store holds it now. `saved_at` is UTC in ISO 8601."""

    case: Case
    version: int
    revision: int
    saved_at: str
    actor: str
    site: str | None
    submitter: str | None
    external_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A case of a list, without what it says."""

    case_id: str
    version: int
    external_id: str | None
    sharing: Sharing
    saved_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One state of a case in its history; `case` is None if it was deleted or erased."""

    revision: int
    case_id: str
    version: int
    action: Action
    saved_at: str
    actor: str
    case: Case | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The latest thing that happened to a case."""

    revision: int
    case_id: str
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where the history of a store stands, and by what it is told from that of another.

    Nothing that is done later changes it, erasing included.
    """

    revision: int = 0
    case_id: str = ""
    saved_at: str = ""


def fingerprint(row: Row) -> str:
    """SHA-256 of a row of `revisions`, in hexadecimal."""
    content = json.dumps([row[name] for name in COLUMNS], default=repr)
    return hashlib.sha256(content.encode("ascii")).hexdigest()


def sealed(row: Row) -> dict[str, Any]:
    """The row with its fingerprint."""
    return {**row, "sha256": fingerprint(row)}


def current_row(case: Case, revision: Row) -> dict[str, Any]:
    """The row of `cases` that points at the revision."""
    return {
        "case_id": case.case_id,
        "revision": revision["revision"],
        "version": revision["version"],
        "site": case.site,
        "submitter": case.submitter,
        "external_id": revision["external_id"],
        "sharing": case.sharing.value,
        "test": int(case.test),
    }


def feature_rows(case: Case) -> list[dict[str, Any]]:
    """The rows of `case_features`."""
    return [
        {
            "case_id": case.case_id,
            "position": position,
            "term_id": feature.term_id,
            "excluded": int(feature.excluded),
        }
        for position, feature in enumerate(case.features)
    ]


def gene_rows(case: Case) -> list[dict[str, Any]]:
    """The rows of `case_genes`."""
    return [
        {"case_id": case.case_id, "position": position, "gene": gene}
        for position, gene in enumerate(case.genes)
    ]


def stored_case(row: Row) -> StoredCase:
    """The case of a revision row that `cases` points at, as `id`. Raises `DamagedCase`."""
    if row["case_id"] != row["id"] or row["action"] != Action.SAVED:
        raise DamagedCase(row["id"], row["pointer"], "it points at a wrong revision")
    case = _case(row)
    return StoredCase(
        case=case,
        version=row["version"],
        revision=row["revision"],
        saved_at=row["saved_at"],
        actor=row["actor"],
        site=row["site"],
        submitter=row["submitter"],
        external_id=row["external_id"],
    )


def past_revision(row: Row) -> Revision:
    """The revision of a row of `revisions`. Raises `DamagedCase`."""
    _refuse_damaged(row)
    return Revision(
        revision=row["revision"],
        case_id=row["case_id"],
        version=row["version"],
        action=Action(row["action"]),
        saved_at=row["saved_at"],
        actor=row["actor"],
        case=None if row["body"] is None else _case(row),
    )


def _case(row: Row) -> Case:
    _refuse_damaged(row)
    try:
        return codec.decode(row["body"])
    except UnreadableCase as error:
        raise DamagedCase(row["case_id"], row["revision"], str(error)) from error


def _refuse_damaged(row: Row) -> None:
    if fingerprint(row) != row["sha256"]:
        raise DamagedCase(
            row["case_id"], row["revision"], "its content is not what was saved"
        )

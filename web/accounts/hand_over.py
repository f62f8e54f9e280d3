"""All cases of somebody who leaves become those of a colleague, in one step or not at all.

Each becomes a new version in the name of who handed it over. What belongs to the case goes with
it: unread and read notices, forms that are not saved yet, the contact that peers are given, the
conversations, which whoever has the case carries on. A contact that the leaver accepted to show
is hers alone, and her successor decides anew. The successor is told of it all by one notice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from matcher.case import Case, Contact
from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import DamagedCase
from matcher.storage.store import CaseStore
from web.accounts.person import Person, Role
from web.audit import Audit
from web.errors import WebError
from web.notices.matters import Matter, handed_over
from web.notices.telling import Telling

ACTION = "handed cases over"


class CannotTakeOver(WebError):
    """Two people between whom no case can be handed over, and why."""

    def __init__(self, leaver: str, successor: str, why: str) -> None:
        super().__init__(
            f"The cases of {leaver!a} cannot become those of {successor!a}: {why}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What became of a leaver's cases. `damaged` could not be read and stay as they are."""

    case_ids: tuple[str, ...]
    contacts: int
    drafts: int
    damaged: tuple[str, ...]


def hand_over(
    db: Database,
    leaver: Person,
    successor: Person,
    by: str = "",
    *,
    sends_mail: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> HandedOver:
    """Let every case of the leaver be the successor's, with an entry in the audit.

    `by` is who does it; the successor's notice goes by e-mail as well if the site `sends_mail`.
    Raises `CannotTakeOver`, and `AuditFailed`, and then nothing changed."""
    if why := why_not(leaver, successor):
        raise CannotTakeOver(leaver.name, successor.name, why)
    audit = Audit(db)
    with audit.together():
        found = _moved(db, leaver, successor, by)
        audit.record(
            by,
            ACTION,
            found.case_ids,
            leaver=leaver.name,
            successor=successor.name,
            cases=len(found.case_ids),
        )
        told = _told(db, leaver, found.case_ids, clock().isoformat())
        Telling(db, by_mail=sends_mail, clock=clock).tell(told)
    return found


def _told(
    db: Database, leaver: Person, case_ids: Sequence[str], at: str
) -> list[Matter]:
    """One notice, with a case of a real person if there is one: of a test case nobody is told."""
    sql = """
        SELECT case_id FROM cases
        WHERE NOT test AND case_id IN (SELECT value FROM json_each(?))
        ORDER BY case_id LIMIT 1
    """
    number = len(case_ids)
    cases = "1 case" if number == 1 else f"{number:,} cases"
    return [
        handed_over(row["case_id"], leaver.name, cases, at)
        for row in rows(db, sql, [json.dumps(list(case_ids))])
    ]


def why_not(leaver: Person, successor: Person) -> str:
    """Why the successor cannot have the leaver's cases; empty if she can."""
    if leaver.person_id == successor.person_id:
        return "they are one person"
    if not leaver.site:
        return "who leaves belongs to no site, so she has no cases"
    if successor.site != leaver.site:
        return "cases stay at their site, and the two belong to different ones"
    if not successor.is_active or not successor.has(Role.CLINICIAN):
        return "who takes them over must be an active clinician"
    return ""


def _moved(db: Database, leaver: Person, successor: Person, by: str) -> HandedOver:
    store, damaged = CaseStore(db), list[DamagedCase]()
    stored = store.cases(
        site=leaver.site, submitter=leaver.name, on_damage=damaged.append
    )
    cases = [each.case for each in stored]
    case_ids = tuple(case.case_id for case in cases)
    changed = [_of(successor, case, leaver) for case in cases]
    store.put_many(changed, actor=by)
    drafts = _follow(db, leaver, successor, case_ids)
    return HandedOver(
        case_ids=case_ids,
        contacts=sum(a.contact != b.contact for a, b in zip(cases, changed)),
        drafts=drafts,
        damaged=tuple(sorted(each.case_id for each in damaged)),
    )


def _of(successor: Person, case: Case, leaver: Person) -> Case:
    return replace(
        case,
        submitter=successor.name,
        contact=_contact(case.contact, leaver, successor),
    )


def _contact(
    contact: Contact | None, leaver: Person, successor: Person
) -> Contact | None:
    """The successor's name and address where they were the leaver's; any other one stays."""
    if contact is None:
        return None
    name, href = contact.name, contact.href
    if name == leaver.name:
        name = successor.name
    if leaver.email and href == f"mailto:{leaver.email}":
        href = f"mailto:{successor.email}" if successor.email else ""
    return replace(contact, name=name, href=href)


def _follow(
    db: Database, leaver: Person, successor: Person, case_ids: Sequence[str]
) -> int:
    """Move what belongs to the cases; how many unsaved forms."""
    values = {
        "leaver": leaver.person_id,
        "successor": successor.person_id,
        "case_ids": json.dumps(list(case_ids)),
    }
    with write_transaction(db):
        for statement in _statements():
            db.execute(statement, values)
        return int(db.execute(DRAFTS, values).rowcount)


def _statements() -> Iterator[str]:
    cases = "case_id IN (SELECT value FROM json_each(:case_ids))"
    # A colleague may have been told of the same matter, and holds one unread notice of a pair.
    yield f"""
        UPDATE OR IGNORE notices SET person_id = :successor
        WHERE person_id = :leaver AND {cases}
    """
    yield f"DELETE FROM notices WHERE person_id = :leaver AND {cases}"
    yield f"""
        UPDATE OR IGNORE outbox SET person_id = :successor
        WHERE person_id = :leaver AND {cases}
    """
    yield f"DELETE FROM editors WHERE person_id = :leaver AND {cases}"
    yield """
        DELETE FROM conversation_acceptances WHERE person_id = :leaver
        AND conversation_id IN (
            SELECT conversation_id FROM conversations JOIN json_each(:case_ids)
            ON value IN (asking_case, answering_case)
        )
    """


# Those of a case, and those of cases that were never saved; the successor's own form stays.
DRAFTS = """
    UPDATE OR IGNORE kept_drafts SET person_id = :successor
    WHERE person_id = :leaver AND (
        case_id IS NULL OR case_id IN (SELECT value FROM json_each(:case_ids))
    )
"""

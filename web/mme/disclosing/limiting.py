"""Lets a single peer be told less of a case than others, with an entry in the audit."""

from __future__ import annotations

from collections.abc import Mapping

from matcher.storage.database import Database
from web.audit import Audit
from web.mme.disclosing.limits import Limits, Most
from web.mme.nodes import Nodes

LIMITED = "limit for a peer set"
AS_OTHERS = "as others"


def limit(
    db: Database,
    case_id: str,
    name: str,
    most: Most | None,
    by: str,
    *,
    is_saved_next: bool = False,
) -> bool:
    """Let a peer be told at most so much of a case, None for as much as others.

    Returns whether that changes anything; `is_saved_next` as in `Limits.set`. Raises
    `UnknownNode`, `BoundByConsent` and `AuditFailed`, and then nothing is changed.
    """
    node, audit = Nodes(db).get(name), Audit(db)
    with audit.together():
        is_changed = Limits(db).set(
            case_id, node.name, most, by, is_saved_next=is_saved_next
        )
        if is_changed:
            said = str(most or AS_OTHERS)
            audit.record(by, LIMITED, [case_id], node=node.name, most=said)
    return is_changed


def limit_as_system(
    db: Database,
    case_id: str,
    wanted: Mapping[str, Most],
    by: str,
    *,
    is_saved_next: bool,
) -> bool:
    """Let the limits of a system be these, and nobody's but its own be lifted.

    What people of the site have set stays: where both have a limit, the narrower one holds.
    Returns whether that changes anything. Raises what `limit` raises.
    """
    own, theirs = _set_by(Limits(db), case_id, by)
    known = {node.name for node in Nodes(db)}
    is_changed = False
    for name in sorted((own & known) | wanted.keys()):
        most = _narrower(wanted.get(name), theirs.get(name))
        is_changed |= limit(db, case_id, name, most, by, is_saved_next=is_saved_next)
    return is_changed


def _set_by(limits: Limits, case_id: str, by: str) -> tuple[set[str], dict[str, Most]]:
    """The peers that a system limits now, and what others have set and did not lift."""
    own: set[str] = set()
    theirs: dict[str, Most] = {}
    for each in limits.of_case(case_id):
        if each.set_by == by:
            if each.ended_at is None:
                own.add(each.node)
        elif each.ended_by in (None, by):
            theirs[each.node] = each.most
        else:
            theirs.pop(each.node, None)
    return own, theirs


def _narrower(one: Most | None, other: Most | None) -> Most | None:
    if Most.NOTHING in (one, other):
        return Most.NOTHING
    return one or other

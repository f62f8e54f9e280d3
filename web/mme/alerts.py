"""What an operator should know of the peers that ask: whom the guards have stopped, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from matcher.storage.database import Database, rows
from web.audit import Audit, Entry
from web.mme.actions import ALERTING, BUDGET_SPENT, DISCLOSED, REFUSED

DAY = timedelta(days=1)


def alerts(
    audit: Audit, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[str]:
    """A sentence for each peer that met a guard in the last 24 hours, and for each guard."""
    since = (clock() - DAY).isoformat(timespec="milliseconds")
    met = Counter(
        (entry.actor, reason)
        for entry in audit.entries(since=since)
        if (reason := _reason(entry)) in ALERTING
    )
    for (node, reason), times in sorted(met.items()):
        yield (
            f"{node} met a guard {times} times in the last 24 hours: {reason}; "
            "see 'secondcase audit show' and docs/privacy.md."
        )


def _reason(entry: Entry) -> str:
    if entry.action not in (DISCLOSED, REFUSED):
        return ""
    # Cases were told, and others were held back.
    is_cut = "withheld" in entry.facts
    return BUDGET_SPENT if is_cut else str(entry.facts.get("reason", ""))


def last_asked(db: Database) -> dict[str, str]:
    """When each peer asked last, by its name; one that never did is missing."""
    sql = """
        SELECT actor, max(at) AS at FROM audit WHERE action IN (?, ?) GROUP BY actor
    """
    return {row["actor"]: row["at"] for row in rows(db, sql, [DISCLOSED, REFUSED])}

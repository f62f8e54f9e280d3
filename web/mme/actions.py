"""What the audit calls the dealings with peers."""

from __future__ import annotations

DISCLOSED = "disclosed to a peer"
REFUSED = "refused a peer"
BUDGET_SPENT = "daily budget spent"
TOO_ALIKE = "too many nearly equal questions"
TOO_MANY_DIFFERENT = "too many different questions"
# Reasons of a refusal that an operator should look at.
ALERTING = frozenset({BUDGET_SPENT, TOO_ALIKE, TOO_MANY_DIFFERENT})

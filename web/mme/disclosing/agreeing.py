"""Puts a consent on record, with an entry in the audit."""

from __future__ import annotations

from matcher.storage.database import Database
from web.audit import Audit
from web.mme.disclosing.consents import Consent, ConsentFacts, Consents

RECORDED = "consent recorded"


def agree(
    db: Database,
    consents: Consents,
    case_id: str,
    facts: ConsentFacts,
    by: str,
    *,
    is_saved_next: bool = False,
) -> Consent:
    """Keep a consent; the same one again is not kept twice, and has no second entry.

    `is_saved_next` as in `Consents.record`. Raises `BadConsent` and `AuditFailed`, and then
    nothing is kept.
    """
    audit = Audit(db)
    with audit.together():
        known = {each.consent_id for each in consents.of_case(case_id)}
        consent = consents.record(case_id, facts, by, is_saved_next=is_saved_next)
        if consent.consent_id not in known:
            audit.record(by, RECORDED, [case_id], scope=facts.scope)
    return consent

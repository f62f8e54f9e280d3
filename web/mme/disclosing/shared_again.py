"""Withdrawals that came to nothing: the case is shared again before its peer was told."""

from __future__ import annotations

import structlog

from matcher.storage.database import Database, write_transaction
from matcher.storage.errors import DamagedCase, UnknownCase
from matcher.storage.store import CaseStore
from web.mme.disclosing.consent import is_exchanged
from web.mme.disclosing.consents import Consents
from web.mme.disclosing.limits import Limits, Most
from web.mme.disclosing.withdrawals import Withdrawal, Withdrawals

log = structlog.get_logger(__name__)


def is_withdrawn(db: Database, owed: Withdrawal, consent_from_level: int) -> bool:
    """Whether the peer is told nothing of the case now, so that it is to be told of that."""
    try:
        case = CaseStore(db).get(owed.case_id).case
    except (UnknownCase, DamagedCase):
        return True
    if not is_exchanged(case):
        return True
    if not Consents(db, consent_from_level).allowed([case]):
        return True
    return Limits(db).in_force(owed.case_id).get(owed.node) is Most.NOTHING


def forget_void(db: Database, consent_from_level: int) -> None:
    """Owe nobody what does not hold any more. A later withdrawal is owed anew."""
    withdrawals = Withdrawals(db)
    for each in withdrawals.owed():
        with write_transaction(db):
            if not is_withdrawn(db, each, consent_from_level):
                withdrawals.forget(each.withdrawal_id)
                log.info(
                    "withdrawal came to nothing", case_id=each.case_id, node=each.node
                )

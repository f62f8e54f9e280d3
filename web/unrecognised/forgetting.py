"""What an erased case leaves of its features that were no term: nothing."""

from __future__ import annotations

from matcher.storage.database import Database, rows, write_transaction
from web.unrecognised.arriving import MOST_PATIENTS, Digests, Kind


def forget_case(db: Database, case_id: str) -> None:
    """Count a case of ours no more; what then too few patients have is not readable any more.

    Phrases of `MOST_PATIENTS` and more keep no patients, and so nothing of the case.
    """
    digests = Digests(db)
    with write_transaction(db):
        sql = "SELECT number, digest FROM unrecognised WHERE patients < ?"
        for row in rows(db, sql, [MOST_PATIENTS]):
            patient = digests.patient(row["digest"], Kind.IMPORT, "", case_id)
            gone = db.execute(_FORGET, [row["number"], patient]).rowcount
            if gone:
                db.execute(_COUNT_LESS, [row["number"]])
                db.execute(_HIDE, [row["number"]])
                db.execute(_LET_GO, [row["number"]])


_FORGET = "DELETE FROM unrecognised_patients WHERE number = ? AND patient = ?"
_COUNT_LESS = "UPDATE unrecognised SET patients = patients - 1 WHERE number = ?"
# What somebody decided is a word of the site, and stays; what was ignored is none.
_HIDE = """
    UPDATE unrecognised SET code = '', words = '', is_readable = 0
    WHERE number = ? AND patients < needed AND state IN ('open', 'ignored')
"""
_LET_GO = """
    DELETE FROM unrecognised
    WHERE number = ? AND patients = 0 AND state IN ('open', 'ignored')
"""

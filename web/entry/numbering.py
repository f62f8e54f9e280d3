"""Which id a new case gets: the name of its site and the next number of the site."""

from __future__ import annotations

import re

from matcher.storage.errors import DamagedCase, UnknownCase
from matcher.storage.store import CaseStore


def free_id(store: CaseStore, site: str) -> str:
    """The next id of the site that no case has or had.

    It stays free only as long as the caller holds the write lock.
    """
    prefix = re.sub(r"[^A-Z0-9]+", "-", site.upper()).strip("-") or "CASE"
    number = store.count(site=site) + 1
    while _is_taken(store, case_id := f"{prefix}-{number:04}"):
        number += 1
    return case_id


def _is_taken(store: CaseStore, case_id: str) -> bool:
    try:
        store.history(case_id)
    except UnknownCase:
        return False
    except DamagedCase:
        return True
    return True

"""A case of Alice at North and one of Charlie at Harbour, which have terms and a gene in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from werkzeug.test import TestResponse

from matcher.case import Case, Sharing
from matcher.storage.database import Database, connect, rows
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts
from web.audit import Audit, Entry
from web.conversations.conversations import Conversations
from web.db import open_database

from ..conftest import SEIZURE, WIDE_MOUTH, Cast, case_of

OURS, THEIRS = "NORTH-1", "HARBOUR-1"
FIRST = "Is the variant of yours de novo?"
ADDRESSES = ("canary-alice@north.example", "canary-charlie@harbour.example")
START = datetime(2026, 11, 24, 8, tzinfo=UTC)
SKELETAL_DELAY = "HP:0002750"


@dataclass(kw_only=True)
class Pair:
    """The two cases in the application, and what is written about them."""

    cast: Cast

    @property
    def side_by_side(self) -> str:
        return f"/cases/{OURS}/matches/{THEIRS}"

    @property
    def link(self) -> str:
        """The address of the one conversation."""
        with self.db() as db:
            (row,) = rows(db, "SELECT link FROM conversations")
        return f"/conversations/{row['link']}"

    @contextmanager
    def db(self) -> Iterator[Database]:
        with closing(connect(self.cast.settings.database)) as db:
            yield db

    def conversations(self, db: Database, name: str) -> Conversations:
        person = Accounts(db, Passwords()).find(name)
        return Conversations(db, person, clock=lambda: START)

    def start(self, text: str = FIRST, **fields: object) -> TestResponse:
        form = {"text": text, **fields}
        return self.cast["alice"].post(f"{self.side_by_side}/conversation", form)

    def write(self, name: str, text: str, **fields: object) -> TestResponse:
        form = {"text": text, **fields}
        return self.cast[name].post(f"{self.link}/messages", form)

    def act(self, name: str, what: str, **fields: object) -> TestResponse:
        return self.cast[name].post(f"{self.link}/{what}", fields)

    def page(self, name: str) -> str:
        return self.cast[name].get(self.link).text

    def heading(self, name: str) -> str:
        return heading(self.page(name))

    def share(self, case_id: str, sharing: Sharing) -> None:
        site, submitter = ("North", "alice") if case_id == OURS else HARBOUR
        self.cast.put(pair_case(case_id, site, submitter, sharing), actor=submitter)

    def notices(self, name: str) -> list[str]:
        """What she is told, latest first."""
        found = self.cast[name].get("/notices").text
        return re.findall(r"<p>((?:North|Harbour) [^<]*)</p>", found)

    def entries(self, action: str) -> list[Entry]:
        with self.db() as db:
            return [each for each in Audit(db).entries() if each.action == action]


HARBOUR = ("Harbour", "charlie")


def heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page)
    assert found, page
    return found.group(1)


def pair_case(case_id: str, site: str, submitter: str, sharing: Sharing) -> Case:
    """One of the two; delayed skeletal maturation is said of ours alone."""
    observed = ("HP:0000677", "HP:0006237", SEIZURE, WIDE_MOUTH)
    if site == "North":
        observed = (*observed, SKELETAL_DELAY)
    return case_of(
        case_id,
        site=site,
        submitter=submitter,
        sharing=sharing,
        observed=observed,
        excluded=(),
    )


@pytest.fixture
def pair(cast: Cast) -> Pair:
    """Both cases shared with the network; everybody with an address."""
    with closing(open_database(cast.settings.database)) as db:
        for address, name in zip(ADDRESSES, ("alice", "charlie")):
            sql = "UPDATE people SET email = ? WHERE name = ?"
            db.execute(sql, [address, name])
    made = Pair(cast=cast)
    made.share(OURS, Sharing.NETWORK)
    made.share(THEIRS, Sharing.NETWORK)
    return made

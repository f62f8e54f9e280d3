"""What stands on the pages of a node on which nothing has happened yet: what to do next."""

from __future__ import annotations

import re
from contextlib import closing

import pytest

from web.accounts import Role
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts
from web.db import open_database

from ..conftest import PASSWORD, Cast

# Read, about what is there and not about what to do.
TO_READ = frozenset(
    {"/exchange", "/how-a-score-is-made", "/keyboard", "/node/safeguards"}
)


@pytest.mark.parametrize("name", ["alice", "dana", "olga"])
def test_every_page_of_an_empty_node_leads_on(cast: Cast, name: str) -> None:
    with closing(open_database(cast.settings.database)) as db:
        roles = [Role.OPERATOR]
        Accounts(db, Passwords()).add("olga", PASSWORD, roles=roles, site="North")
    rules = [
        rule.rule
        for rule in cast.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments
    ]

    opened, stuck = [], []
    for path in sorted(set(rules) - TO_READ):
        answer = cast[name].client.get(path, buffered=True)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        opened.append(path)
        main = re.sub(r"(?s).*<main|</main>.*", "", answer.text)
        # A search among nothing is no way on.
        ways = re.sub(r'(?s)<form[^>]*role="search".*?</form>', "", main)
        if not re.search(r'<a [^>]*href="/[^"]*"|<button', ways):
            stuck.append(path)

    assert len(opened) > 4 and stuck == []

"""Which disclaimer and terms of a peer are posted: the word of its last reply comes first."""

from __future__ import annotations

from typing import Any

from web.mme.posted import Posted, posted

from .. import faults
from .conftest import OURS, Site, results

STORED = {"disclaimer": "stored disclaimer", "terms": "stored terms"}


def of(site: Site, name: str) -> Posted:
    [found] = [each for each in posted(site.db) if each.node == name]
    return found


def replying(site: Site, **said: Any) -> None:
    """Ask a peer, known as Island, whose reply says this."""
    site.peer("Island", faults.answering(results(**said)), **STORED)
    site.ask()


def test_what_the_operator_gave_is_posted_until_a_reply_says_more(site: Site) -> None:
    replying(site)

    assert of(site, "Island").disclaimer == "stored disclaimer"
    assert of(site, "Island").terms == "stored terms"


def test_the_text_of_a_reply_supersedes_each_by_itself(site: Site) -> None:
    replying(site, disclaimer="replied disclaimer")

    assert of(site, "Island").disclaimer == "replied disclaimer"
    assert of(site, "Island").terms == "stored terms"


def test_a_later_reply_without_text_takes_nothing_back(site: Site) -> None:
    replies = iter([results(terms="replied terms"), results()])

    def behaviour(peer: faults.Peer, connection: Any) -> None:
        faults.answering(next(replies))(peer, connection)

    site.peer("Island", behaviour, **STORED)
    site.ask()
    site.ask()

    assert of(site, "Island").terms == "replied terms"


def test_what_a_reply_said_goes_with_the_case_it_was_about(site: Site) -> None:
    replying(site, terms="replied terms")

    site.db.execute("DELETE FROM cases WHERE case_id = ?", [OURS])

    assert of(site, "Island").terms == "stored terms"


def test_a_revoked_peer_is_not_posted(site: Site) -> None:
    replying(site)
    site.nodes.revoke("Island")

    assert posted(site.db) == []

"""Our client asks our server: two sites as two real nodes on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from matcher.case import Sharing
from ontologies import Release
from web.audit import Audit
from web.db import open_database
from web.mme.answering.asked import KEYS
from web.mme.asking.answers import State
from web.mme.asking.probing.prober import probed
from web.mme.asking.probing.conformance import Verdict
from web.mme.asking.wishes import UNWANTED, Wishes
from web.mme.nodes.register import Description

from ..answering.test_server import Site as Server
from ..answering.test_server import running
from .conftest import OURS, PATIENCE, Site, our_case


@pytest.fixture
def harbour(site: Site, tmp_path: Path, release: Release) -> Iterator[Server]:
    """Another site with a case like ours, a test case, and one that it keeps to itself."""
    folder = tmp_path / "harbour"
    folder.mkdir()
    contact = replace(our_case().contact, href="mailto:h@harbour.example")
    cases = [
        our_case(case_id="shared", contact=contact),
        our_case(case_id="private", contact=contact, sharing=Sharing.SITE),
        our_case(case_id="fixture", contact=contact, test=True),
    ]
    with running(folder, release, cases) as server:
        described = Description(
            address=server.address, outbound_token=server.token, allow_private=True
        )
        site.nodes.add("Harbour", described)
        yield server


def ids(site: Site) -> list[str]:
    asked = site.ask()["Harbour"]
    assert asked.state is State.ANSWERED, asked.message
    return [each.remote.case.case_id for each in asked.results]


def test_a_shared_case_of_the_other_site_is_found(site: Site, harbour: Server) -> None:
    assert ids(site) == ["shared"]


def test_a_test_case_finds_test_cases_alone(site: Site, harbour: Server) -> None:
    site.put(our_case(test=True))

    assert ids(site) == ["fixture"]


def test_both_sites_can_say_who_was_told(site: Site, harbour: Server) -> None:
    site.ask()

    db = open_database(harbour.database)
    theirs = list(Audit(db).entries("shared"))
    db.close()
    assert [entry.actor for entry in theirs] == ["Island"]
    assert [entry.case_ids for entry in site.audited()] == [(OURS,)]


def test_a_token_that_was_revoked_is_said(site: Site, harbour: Server) -> None:
    db = open_database(harbour.database)
    db.execute("UPDATE node_tokens SET revoked_at = 'now'")
    db.close()

    asked = site.ask()["Harbour"]

    assert asked.state is State.REJECTED and "HTTP 401" in asked.message


def test_our_own_server_conforms(site: Site, harbour: Server) -> None:
    found = probed(site.db, "Harbour", site.release, by="olga", seconds=PATIENCE)

    assert {c.verdict for c in found.checks} <= {Verdict.PASS, Verdict.WARN}
    wrong = [c.name for c in found.checks if c.verdict is not Verdict.PASS]
    # The test patient of a probe resembles none of the cases here.
    assert set(wrong) <= {"test patient", "latency"}
    assert found.quirks.minor == 1 and found.cases == 1


def test_our_own_server_is_found_to_know_wishes_and_keeps_to_them(
    site: Site, harbour: Server
) -> None:
    probed(site.db, "Harbour", site.release, by="olga", seconds=PATIENCE)
    assert site.nodes.get("Harbour").quirks.query_keys == KEYS

    for wishes, found in ((Wishes(gene="PHF14"), 0), (Wishes(gene="EFTUD2"), 1)):
        [asked] = site.asker().ask(OURS, by="alice", wishes=wishes)

        assert len(asked.results) == found and asked.narrowed_here == ()
        # Left out there, so that nothing comes to be left out here.
        assert UNWANTED not in asked.dropped

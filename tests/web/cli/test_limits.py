"""An operator lets single peers be told less of a case."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from click.testing import CliRunner, Result

from matcher.case import Case, Sharing
from matcher.storage.store import CaseStore
from web.audit import Audit
from web.cli import main
from web.db import open_database
from web.mme.disclosing.limits import Limits, Most
from web.mme.nodes import Nodes


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["limit", *arguments])


def test_a_peer_is_limited_with_an_entry_in_the_audit(home: Path) -> None:
    with closing(open_database(home / "secondcase.db")) as db:
        CaseStore(db).put(Case(case_id="N-1", sharing=Sharing.EXCHANGE_1), actor="a")
        Nodes(db).add("Island")
        assert "as far as it is shared" in run("N-1").output

        set_now = run("N-1", "Island", "--most", "nothing")
        again = run("N-1", "Island", "--most", "nothing")

        assert set_now.output == "Island is told of N-1: nothing, from now on.\n"
        assert "as before" in again.output
        assert Limits(db).in_force("N-1") == {"Island": Most.NOTHING}
        lifted = run("N-1", "Island", "--most", "as-others")
        assert lifted.exit_code == 0 and Limits(db).in_force("N-1") == {}
        entries = [(e.actor, e.facts["most"]) for e in Audit(db).entries("N-1")]
    said = [("command line", "nothing"), ("command line", "as others")]
    assert entries == said
    assert "Island" in run("N-1").output and "until" in run("N-1").output


def test_what_cannot_be_limited_is_named(home: Path) -> None:
    with closing(open_database(home / "secondcase.db")) as db:
        CaseStore(db).put(Case(case_id="N-1"), actor="a")

    assert "no node 'Hill'" in run("N-1", "Hill", "--most", "nothing").stderr
    assert "N-2" in run("N-2").stderr and run("N-2").exit_code == 1
    assert "both PEER and --most" in run("N-1", "Hill").stderr

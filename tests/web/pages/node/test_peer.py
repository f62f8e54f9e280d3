"""The page of one peer: what is wrong with its requests, and how it keeps to the protocol."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from ontologies import Release
from web.cli import main
from web.mme.asking.probing.probes import LONGEST, Probes
from web.pages.node.probing import EXTENSION

from ...mme import faults
from ...mme.asking_peers.conftest import result, results
from ...serving import served
from .conftest import TOKEN, Operations

CANARY = "canary-71fe"
TERMS = ("HP:0001250", "HP:0001252", "HP:0000252", "HP:0001263")


def ask(address: str, token: str, body: object, **headers: str) -> int:
    """The status of a request that a peer sends over HTTP."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"X-Auth-Token": token, "Content-Type": "application/json", **headers}
    url = f"{address}/match"
    return httpx.post(url, content=sent, headers=named, timeout=60).status_code


def page(operations: Operations, name: str = "Island") -> str:
    answer = operations.olga.get(f"/node/peers/{name}")
    assert answer.status_code == 200
    return unescape(answer.text)


def test_each_line_is_a_place_a_kind_and_what_would_be_right(
    operations: Operations,
) -> None:
    token = operations.nodes.add("Island")
    features = [*({"id": term} for term in TERMS), {"id": CANARY, "label": CANARY}]

    version = {"Content-Type": "application/vnd.ga4gh.matchmaker.v2.1+json"}

    with served(operations.cast.app) as address:
        told = {"patient": {"id": "p", "features": features}}
        assert ask(address, token, told) == 200
        assert ask(address, token, b'{"patient": nonsense') == 400
        assert ask(address, token, {"patient": {"id": "p"}}) == 422
        assert ask(address, token, {}, **version) == 406

    shown = page(operations)
    assert "three requests of it refused" in shown
    for line in (
        "<code>patient.features[4].id</code>: not an HPO id; HP: and seven digits",
        "<code>body, line 1, column 13</code>: not understood; one JSON object",
        "<code>patient</code>: too little to search with; three HPO terms",
        "<code>Content-Type and Accept</code>: not known here; application/vnd",
        "<b>406</b> /match",
    ):
        assert line in shown
    assert CANARY not in shown


def test_a_peer_without_trouble_is_said_to_have_none(operations: Operations) -> None:
    operations.know("Island")

    assert "Nothing was wrong with its requests" in page(operations)


def test_an_unknown_peer_has_no_page(operations: Operations) -> None:
    assert operations.olga.get("/node/peers/Nowhere").status_code == 404
    assert operations.olga.get("/node/peers/Nowhere/report.txt").status_code == 404


def test_words_of_a_peer_are_text(operations: Operations) -> None:
    operations.asked("Island", disclaimer="<script>x</script>", contact="<b>x")

    raw = operations.olga.get("/node/peers/Island").text
    assert "<script>x" not in raw and "<b>x" not in raw


def probed(operations: Operations) -> str:
    """The page once the probe that is asked for by the form has ended."""
    answer = operations.olga.post("/node/peers/Island/probe")
    assert answer.status_code == 303
    assert operations.cast.app.extensions[EXTENSION].wait(60)
    return page(operations)


def test_a_probe_ends_in_the_report_of_the_command_line(
    operations: Operations, monkeypatch: pytest.MonkeyPatch, release: Release
) -> None:
    with faults.serving(faults.answering(results(result("p1")))) as peer:
        known = {"address": peer.address, "outbound_token": TOKEN}
        operations.know("Island", allow_private=True, **known)
        told = probed(operations)
        monkeypatch.setenv("SECONDCASE_DATA", str(linked(operations, release)))
        printed = CliRunner().invoke(main, ["node", "probe", "Island"]).stdout

    report = operations.olga.get("/node/peers/Island/report.txt")
    assert "PASS  test patient" in told and "Download the report" in told
    assert without_times(report.text) == without_times(printed)
    assert report.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "conformance-Island.txt" in report.headers["Content-Disposition"]
    probes = [each for each in operations.audited() if each.action == "probed a peer"]
    assert [each.actor for each in probes] == ["olga", "command line"]


def linked(operations: Operations, release: Release) -> Path:
    """The directory of the cast, with the compiled release in it."""
    folder = operations.cast.settings.directory
    (folder / "releases").mkdir(exist_ok=True)
    (folder / "releases" / release.release_id).symlink_to(release.folder)
    (folder / "releases" / "active").write_text(release.release_id)
    return folder


def without_times(report: str) -> list[str]:
    return [line for line in report.splitlines() if "latency" not in line]


def test_a_peer_that_does_not_answer_gets_a_report_as_well(
    operations: Operations,
) -> None:
    with faults.serving(faults.reset) as peer:
        known = {"address": peer.address, "outbound_token": TOKEN}
        operations.know("Island", allow_private=True, **known)

        told = probed(operations)

    assert "FAIL  test patient" in told and "silent since today" in told


def test_a_peer_that_is_being_probed_is_not_probed_again(
    operations: Operations,
) -> None:
    Probes(operations.db).begin(operations.asked("Island"), "somebody")

    operations.olga.post("/node/peers/Island/probe")

    told = page(operations)
    assert "is being probed already" in told and "Look again" in told
    assert operations.olga.get("/node/peers/Island/report.txt").status_code == 404


def test_a_probe_that_was_lost_is_said_to_be(operations: Operations) -> None:
    node = operations.asked("Island")
    Probes(operations.db, lambda: datetime.now(UTC) - LONGEST).begin(node, "olga")

    assert "The last probe was lost" in page(operations)


def test_a_peer_that_only_asks_cannot_be_probed(operations: Operations) -> None:
    operations.know("Island")

    operations.olga.post("/node/peers/Island/probe")

    assert "it is revoked or has no address" in page(operations)


def test_a_file_of_authorities_without_any_is_said(
    operations: Operations, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    operations.asked("Island", ca_file=tmp_path / "ca.pem")

    operations.olga.post("/node/peers/Island/probe")

    assert "cannot be used" in page(operations)

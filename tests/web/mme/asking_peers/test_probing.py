"""A probe finds out what a peer's messages must be like, and says how it keeps to the protocol."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from web.audit import Audit
from web.mme.asking.answers import State
from web.mme.asking.probing.prober import probed
from web.mme.asking.probing.conformance import Conformance, Verdict
from web.mme.nodes import BadNode
from web.mme.nodes.errors import NoToken
from web.mme.nodes.quirks import Coordinates, GeneIds, Quirks
from web.mme.nodes.register import Description

from .. import faults
from .conftest import PATIENCE, TOKEN, Site, result, results

VERSION = "application/vnd.ga4gh.matchmaker.v1.{}+json"


class Stock:
    """A peer that answers each path as it should, but for what a test changes."""

    def __init__(self, **quirks: Any) -> None:
        self.quirks = quirks

    def __call__(self, peer: faults.Peer, connection: socket.socket) -> None:
        request = faults.read_request(peer, connection)
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {
            k.lower(): v.strip() for k, _, v in (x.partition(":") for x in lines)
        }
        status, told = self.told(first.split()[1], headers, body)
        connection.sendall(faults.reply(json.dumps(told).encode(), status))

    def told(self, path: str, headers: dict[str, str], body: bytes) -> tuple[str, Any]:
        if headers["x-auth-token"] != TOKEN and not self.quirks.get("open"):
            return "401 No", {"message": "no"}
        if path == "/heartbeat":
            minors = self.quirks.get("minors", (0, 1))
            accept = [VERSION.format(minor) for minor in minors]
            beat = {"version": "1.1", "accept": accept}
            if "query" in self.quirks:
                beat["_query"] = self.quirks["query"]
            return "200 OK", {"heartbeat": beat}
        if path == "/metrics":
            return "200 OK", {
                "metrics": {"numberOfCases": self.quirks.get("cases", 77)}
            }
        if path != ("/match/" if self.quirks.get("slash") else "/match"):
            return "404 Not Found", "<html>"
        if self.quirks.get("only_oldest") and "v1.0" not in headers["content-type"]:
            return "415 Unsupported", "<html>"
        if self.quirks.get("no_charset") and "charset" in headers["content-type"]:
            return "415 Unsupported", "<html>"
        patient = json.loads(body)["patient"]
        gene = patient["genomicFeatures"][0]["gene"]["id"]
        if self.quirks.get("symbols") and gene != "EFTUD2":
            return "200 OK", results()
        return "200 OK", self.quirks.get("answer", results(result("p1")))


def probe(site: Site, stock: Stock, **more: Any) -> tuple[Conformance, faults.Peer]:
    peer = site.peer("Island", stock, **more)
    found = probed(site.db, "Island", site.release, by="olga", seconds=PATIENCE)
    return found, peer


def verdicts(found: Conformance) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in found.checks}


def test_a_peer_that_keeps_to_the_protocol_passes(site: Site) -> None:
    found, _ = probe(site, Stock())

    assert set(verdicts(found).values()) == {Verdict.PASS}
    assert found.is_usable and found.cases == 77
    assert site.nodes.get("Island").quirks == Quirks(minor=1)
    health = site.breaker.health(site.nodes.get("Island").node_id)
    assert health.cases == 77 and health.succeeded_at is not None
    assert health.latency_ms == found.latency_ms


def test_a_version_that_is_listed_and_not_answered_is_not_used(site: Site) -> None:
    found, _ = probe(site, Stock(only_oldest=True), quirks=Quirks(minor=1))

    assert verdicts(found)["version 1.1"] is Verdict.WARN
    assert site.nodes.get("Island").quirks.minor == 0


def test_a_version_that_is_not_listed_is_not_tried(site: Site) -> None:
    found, peer = probe(site, Stock(minors=(0,)))

    assert found.quirks.minor == 0
    assert not any(b"v1.1" in request for request in peer.received)


def test_the_slash_that_a_peer_needs_is_found(site: Site) -> None:
    found, _ = probe(site, Stock(slash=True))

    assert found.quirks.trailing_slash and found.is_usable
    assert site.nodes.get("Island").quirks.trailing_slash


def test_gene_symbols_are_used_where_only_they_find_anything(site: Site) -> None:
    found, _ = probe(site, Stock(symbols=True))

    assert found.quirks.gene_ids is GeneIds.SYMBOL
    assert verdicts(found)["test patient"] is Verdict.PASS


@pytest.mark.parametrize(
    "quirk, check",
    [
        ({"no_charset": True}, "charset"),
        ({"open": True}, "wrong token"),
        ({"cases": "many"}, "metrics"),
        ({"minors": ()}, "versions listed"),
        ({"answer": results()}, "test patient"),
        ({"answer": results(result("p1", score=7), None)}, "results"),
    ],
)
def test_what_is_odd_is_a_warning(
    site: Site, quirk: dict[str, Any], check: str
) -> None:
    found, _ = probe(site, Stock(**quirk))

    assert verdicts(found)[check] is Verdict.WARN and found.is_usable


@pytest.mark.parametrize(
    "said, known",
    [
        (["minScore", "colour", 7, "maxResults"], ("maxResults", "minScore")),
        ("maxResults", ()),
        (None, ()),
    ],
)
def test_the_heartbeat_says_what_may_be_asked_for(
    site: Site, said: Any, known: tuple[str, ...]
) -> None:
    found, _ = probe(site, Stock(query=said), quirks=Quirks(query_keys=("minScore",)))

    assert found.quirks.query_keys == known
    assert site.nodes.get("Island").quirks.query_keys == known
    assert f"query_keys {' '.join(known) or 'none'}" in "\n".join(found.lines())


def test_what_an_operator_set_by_hand_stays(site: Site) -> None:
    known = Quirks(coordinates=Coordinates.ONE, plain_labels=True)

    probe(site, Stock(), quirks=known)

    kept = site.nodes.get("Island").quirks
    assert kept.coordinates is Coordinates.ONE and kept.plain_labels


def test_no_real_case_is_sent_and_the_stranger_is_no_token_of_ours(site: Site) -> None:
    _, peer = probe(site, Stock())

    bodies = [r.partition(b"\r\n\r\n")[2] for r in peer.received]
    assert all(json.loads(b)["patient"]["test"] is True for b in bodies if b)
    assert b"ours-1" not in b"".join(peer.received)
    assert list(Audit(site.db).entries())[-1].facts == {"node": "Island", "test": True}


@pytest.mark.parametrize(
    "behaviour",
    [faults.answering({"message": "no"}, "401 No"), faults.gibberish, faults.reset],
)
def test_a_peer_that_does_not_answer_keeps_its_quirks(
    site: Site, behaviour: faults.Behaviour
) -> None:
    site.peer("Island", behaviour, quirks=Quirks(minor=1))

    found = probed(site.db, "Island", site.release, by="olga", seconds=PATIENCE)

    assert not found.is_usable and found.state is not State.EMPTY
    assert verdicts(found)["test patient"] is Verdict.FAIL
    assert site.nodes.get("Island").quirks == Quirks(minor=1)
    assert site.breaker.health(site.nodes.get("Island").node_id).failures == 1


def test_a_peer_that_is_left_alone_can_be_probed(site: Site) -> None:
    site.peer("Island", Stock())
    node_id = site.nodes.get("Island").node_id
    site.breaker.failed(node_id)

    probed(site.db, "Island", site.release, by="olga", seconds=PATIENCE)

    assert site.breaker.admits(node_id)


def test_a_peer_that_cannot_be_asked_is_not_probed(site: Site) -> None:
    site.nodes.add("Listener")
    site.nodes.add("Mute", Description(address="https://mute.example"))

    with pytest.raises(BadNode, match="--url"):
        probed(site.db, "Listener", site.release, by="olga", seconds=PATIENCE)
    with pytest.raises(NoToken):
        probed(site.db, "Mute", site.release, by="olga", seconds=PATIENCE)


def test_the_report_can_be_read_by_people_and_programs(site: Site) -> None:
    found, _ = probe(site, Stock(only_oldest=True))

    text = "\n".join(found.lines())
    assert "WARN  version 1.1" in text and "PASS  charset" in text
    told = json.loads(json.dumps(found.to_json()))
    assert told["is_usable"] is True and told["quirks"]["minor"] == 0
    assert TOKEN not in text + json.dumps(told)

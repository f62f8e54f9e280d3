"""One peer as its operator sees it: how it fares, what is wrong with its requests, its report."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from web.db import connection
from web.mme.alerts import last_asked
from web.mme.asking.probing.probes import Probed, Probes
from web.mme.answering.diagnoses import KEPT, MOST_OF_A_PEER, Diagnoses
from web.mme.nodes import Node, Nodes
from web.mme.nodes.errors import UnknownNode
from web.mme.nodes.health import Breaker, Health
from web.mme.nodes.register import TOKENS_AT_A_TIME
from web.pages.admission import the_operator
from web.pages.node.forms import GENES, POSITIONS, VERSIONS, values_of
from web.pages.node.lines import PeerLine, peer_line
from web.pages.words import counted, moment

blueprint = Blueprint("peer", __name__)

Problems = list[tuple[str, str, str]]


@blueprint.get("/node/peers/<peer>")
def show(peer: str) -> ResponseReturnValue:
    """Everything that is known of a peer but its tokens."""
    the_operator()
    return page(known(peer))


@blueprint.get("/node/peers/<peer>/report.txt")
def report(peer: str) -> ResponseReturnValue:
    """The report of the last probe, in the words of the command line."""
    the_operator()
    node = known(peer)
    last = Probes(connection()).of(node)
    if last is None or last.ended_at is None:
        abort(404)
    name = f"conformance-{node.name.replace(' ', '-')}.txt"
    return Response(
        f"{last.report}\n",
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@blueprint.get("/node/add")
def new() -> ResponseReturnValue:
    """A form for another peer."""
    the_operator()
    return new_page([])


def new_page(problems: Problems) -> str:
    """The form, with what is wrong in it."""
    return render_template("node/new.html", **form_values(None, problems))


def known(name: str) -> Node:
    """The peer of this name, or no page at all."""
    try:
        return Nodes(connection()).get(name)
    except UnknownNode:
        abort(404)


def page(node: Node, problems: Problems | None = None) -> str:
    """The page of a peer, with what is wrong in its form."""
    db = connection()
    line = peer_line(db, node, last_asked(db).get(node.name))
    probes = Probes(db)
    return render_template(
        "node/peer.html",
        heading=_heading(line),
        line=line,
        node=node,
        facts=_facts(line, Breaker(db).health(node.node_id)),
        diagnoses=[
            (moment(each.at), each.status, each.path, each.reason, each)
            for each in Diagnoses(db).of(node)
        ],
        kept_days=KEPT.days,
        most_kept=MOST_OF_A_PEER,
        probe=_probe(probes.of(node), probes.is_going_on(node)),
        may_rotate=len(line.tokens) < TOKENS_AT_A_TIME,
        **form_values(node, problems or []),
    )


def form_values(node: Node | None, problems: Problems) -> dict[str, Any]:
    """What the form of a peer shows."""
    return {
        "entered": values_of(node),
        "problems": problems,
        "wrong": defaultdict(str, {field: said for field, _, said in problems}),
        "versions": VERSIONS,
        "positions": POSITIONS,
        "genes": GENES,
    }


def _heading(line: PeerLine) -> str:
    refused = f"; {counted(line.refused, 'request')} of it refused"
    return f"{line.node.name}: {line.said}{refused if line.refused else ''}"


def _facts(line: PeerLine, health: Health) -> list[tuple[str, str]]:
    node = line.node
    facts = [
        ("Direction", line.directions),
        ("Address", node.address or "none, so it is not asked"),
        ("Contact", node.contact),
        ("Last answer", moment(health.succeeded_at) if health.succeeded_at else ""),
        ("Latency", line.latency),
        ("Failures", f"{health.failures:,} in a row" if health.failures else ""),
        ("Left alone", moment(health.open_until) if health.open_until else ""),
        ("Has cases", f"{health.cases:,}" if health.cases is not None else ""),
        ("Budget", line.budget),
        ("Added", moment(node.created_at)),
        ("Messages", "; ".join(line.quirks)),
        ("Authorities", node.ca_file),
        ("Own network", "private addresses and http allowed" * node.allow_private),
        ("Its token", "kept, sealed" if node.has_outbound_token else "none given"),
    ]
    return [(name, value) for name, value in facts if value]


def _probe(last: Probed | None, is_going_on: bool) -> dict[str, Any] | None:
    if last is None:
        return None
    return {
        "by": last.asked_by,
        "begun": moment(last.begun_at),
        "is_going_on": is_going_on,
        "report": last.report if last.ended_at else "",
    }

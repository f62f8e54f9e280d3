"""Probes a peer for its operator, and keeps what was found."""

from __future__ import annotations

from matcher.storage.database import Database
from ontologies import Release
from web.audit import Audit
from web.mme.asking.connections import Resolve, addresses_of, tls_context
from web.mme.asking.posting import Line
from web.mme.asking.probing import Conformance, probe
from web.mme.nodes import BadNode, Nodes
from web.mme.nodes.health import Breaker
from web.mme.nodes.register import Description

PROBED = "probed a peer"


def probed(
    db: Database,
    name: str,
    release: Release,
    *,
    by: str,
    seconds: float,
    resolve: Resolve = addresses_of,
) -> Conformance:
    """The conformance of a peer, asked even while it is left alone for its failures.

    Its quirks, its number of cases and its health are kept; a peer that did not answer keeps the
    quirks it had. Raises `UnknownNode`, `BadNode`, `NoToken` or `TokenLost`.
    """
    nodes, breaker = Nodes(db), Breaker(db)
    node = nodes.get(name)
    if not node.is_active or not node.address:
        raise BadNode(name, "it is revoked or has no address (--url)", "probed")
    line = Line(
        node=node,
        token=nodes.outbound_token(node),
        tls=tls_context(node.ca_file),
        resolve=resolve,
    )
    Audit(db).record(by, PROBED, node=name, test=True)
    found = probe(line, release, seconds)
    if found.cases is not None:
        breaker.has_cases(node.node_id, found.cases)
    if found.is_usable:
        nodes.set(name, Description(quirks=found.quirks))
        breaker.succeeded(node.node_id, found.latency_ms or 0)
    else:
        breaker.failed(node.node_id)
    return found

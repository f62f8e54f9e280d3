"""Probes a peer for its operator, and keeps what was found."""

from __future__ import annotations

from matcher.storage.database import Database
from ontologies import Release
from web.audit import Audit
from web.mme.asking.calling.connections import Resolve, addresses_of, tls_context
from web.mme.asking.calling.posting import Line
from web.mme.asking.probing.probes import Probes
from web.mme.asking.probing.conformance import Conformance, probe
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
    quirks it had. The report is kept until the next one. Raises what `line_to` raises.
    """
    nodes, breaker, probes = Nodes(db), Breaker(db), Probes(db)
    line = line_to(nodes, name, resolve)
    node = line.node
    Audit(db).record(by, PROBED, node=name, test=True)
    probes.begin(node, by)
    found = probe(line, release, seconds)
    probes.end(node, found)
    if found.cases is not None:
        breaker.has_cases(node.node_id, found.cases)
    if found.is_usable:
        nodes.set(name, Description(quirks=found.quirks))
        breaker.succeeded(node.node_id, found.latency_ms or 0)
    else:
        breaker.failed(node.node_id)
    return found


def line_to(nodes: Nodes, name: str, resolve: Resolve = addresses_of) -> Line:
    """How the peer is reached. Raises `UnknownNode`, `BadNode`, `NoToken` or `TokenLost`."""
    node = nodes.get(name)
    if not node.is_active or not node.address:
        raise BadNode(name, "it is revoked or has no address (--url)", "probed")
    token = nodes.outbound_token(node)
    try:
        tls = tls_context(node.ca_file)
    except OSError as error:
        # An ssl.SSLError is one: the file is gone, or holds no certificate.
        why = f"its CA file {node.ca_file!r} cannot be used"
        raise BadNode(name, why, "probed", "ca_file") from error
    return Line(
        node=node,
        token=token,
        tls=tls,
        resolve=resolve,
    )

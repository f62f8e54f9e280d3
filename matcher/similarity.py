"""How alike two terms and two profiles are, as the papers write it: readable, slow, the oracle.

Everything is computed on the is_a graph itself, whose edges run from parent to child, so that
the kernels have something independent to agree with. A profile is a set of terms: the order does
not matter, and a term given twice counts once. An empty profile says nothing, so every measure of
it is nan, never zero. A term that is not in the graph is an error of the caller's.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Protocol, TypeAlias

import networkx

if TYPE_CHECKING:
    Graph: TypeAlias = networkx.DiGraph[str]

TermSimilarity: TypeAlias = Callable[[str, str], float]

IDENTICAL_TERM_BONUS = 1.4
NEIGHBOURS = 10


class InformationContents(Protocol):
    """Information content by term id, in nats: 0 for what every disease has."""

    def __getitem__(self, term_id: str, /) -> float: ...


def ancestors(graph: Graph, term: str) -> frozenset[str]:
    """The term and everything above it."""
    return frozenset(networkx.ancestors(graph, term) | {term})


def most_specific(graph: Graph, terms: Iterable[str]) -> frozenset[str]:
    """The terms that no other of them implies."""
    given = frozenset(terms)
    implied: set[str] = set()
    for term in given:
        implied |= networkx.ancestors(graph, term)
    return given - implied


def mica(graph: Graph, ic: InformationContents, t: str, u: str) -> str | None:
    """The most informative common ancestor, of equals the first id; None if there is none."""
    common = ancestors(graph, t) & ancestors(graph, u)
    return min(common, key=lambda term: (-ic[term], term), default=None)


def resnik(graph: Graph, ic: InformationContents, t: str, u: str) -> float:
    """IC(mica), in nats; 0 without a common ancestor. Resnik 1999, doi:10.1613/jair.514.

    Not normalised: a term is as similar to itself as it is rare.
    """
    shared = mica(graph, ic, t, u)
    return 0.0 if shared is None else ic[shared]


def lin(graph: Graph, ic: InformationContents, t: str, u: str) -> float:
    """2 IC(mica) / (IC(t) + IC(u)). Lin 1998, doi:10.5555/645527.657297.

    0 where neither term carries information, the root with itself included: sharing what
    everybody has is no likeness.
    """
    total = ic[t] + ic[u]
    return 2 * resnik(graph, ic, t, u) / total if total > 0 else 0.0


def jiang_conrath(graph: Graph, ic: InformationContents, t: str, u: str) -> float:
    """1 / (1 + IC(t) + IC(u) - 2 IC(mica)). Jiang 1997, https://aclanthology.org/O97-1002.

    The paper gives the distance; this turns it into a similarity, 1 for the same term, the root
    included. Without a common ancestor the distance has no bound and the similarity is 0.
    """
    if mica(graph, ic, t, u) is None:
        return 0.0
    return 1 / (1 + ic[t] + ic[u] - 2 * resnik(graph, ic, t, u))


def relevance(graph: Graph, ic: InformationContents, t: str, u: str) -> float:
    """lin (1 - p(mica)), p = exp(-IC). Schlicker 2006, doi:10.1186/1471-2105-7-302.

    A term is less than 1 alike to itself, the less so the commoner it is.
    """
    return lin(graph, ic, t, u) * -math.expm1(-resnik(graph, ic, t, u))


def graph_ic(graph: Graph, ic: InformationContents, t: str, u: str) -> float:
    """Sum of IC over common ancestors / over all ancestors. Deng 2015, below.

    GraphIC of HPOSim, doi:10.1371/journal.pone.0115692; simGIC of two single terms.
    """
    return sim_gic(graph, ic, {t}, {u})


def sim_gic(
    graph: Graph,
    ic: InformationContents,
    query: Collection[str],
    candidate: Collection[str],
) -> float:
    """Sum of IC over shared implied terms / over all implied terms.

    Pesquita 2008, doi:10.1186/1471-2105-9-S5-S4. 0 where nothing implied carries information.
    """
    if not query or not candidate:
        return math.nan
    ours, theirs = _implied(graph, query), _implied(graph, candidate)
    total = math.fsum(ic[term] for term in ours | theirs)
    return math.fsum(ic[term] for term in ours & theirs) / total if total > 0 else 0.0


def jaccard(graph: Graph, query: Collection[str], candidate: Collection[str]) -> float:
    """Number of shared implied terms / of all implied terms; simUI of Pesquita 2008.

    doi:10.1186/1471-2105-9-S5-S4. The root counts like any other term.
    """
    if not query or not candidate:
        return math.nan
    ours, theirs = _implied(graph, query), _implied(graph, candidate)
    return len(ours & theirs) / len(ours | theirs)


def coverage(
    similarity: TermSimilarity, query: Collection[str], candidate: Collection[str]
) -> float:
    """Mean over the query's terms of the similarity to the candidate's best: one direction."""
    if not query or not candidate:
        return math.nan
    best = _best(similarity, query, candidate)
    return math.fsum(best) / len(best)


def best_match_average(
    similarity: TermSimilarity, query: Collection[str], candidate: Collection[str]
) -> float:
    """(A + B) / 2, the mean of both directions. Koehler 2009, doi:10.1016/j.ajhg.2009.09.003.

    Both sides weigh the same, however many terms they have.
    """
    there = coverage(similarity, query, candidate)
    return (there + coverage(similarity, candidate, query)) / 2


def best_match_pooled(
    similarity: TermSimilarity, query: Collection[str], candidate: Collection[str]
) -> float:
    """Mean of the best matches of all terms of both sides: every term weighs the same.

    (n A + m B) / (n + m) for n query and m candidate terms. Both ways of averaging are reviewed
    in Pesquita 2009, doi:10.1371/journal.pcbi.1000443.
    """
    if not query or not candidate:
        return math.nan
    best = _best(similarity, query, candidate) + _best(similarity, candidate, query)
    return math.fsum(best) / len(best)


def best_match_geometric(
    similarity: TermSimilarity, query: Collection[str], candidate: Collection[str]
) -> float:
    """sqrt(A B): one side that finds little cannot be made up for by the other.

    No paper that we know has it; docs/scoring.md has its figures.
    """
    there = coverage(similarity, query, candidate)
    return math.sqrt(there * coverage(similarity, candidate, query))


def resnik_with_bonus(graph: Graph, ic: InformationContents, t: str, u: str) -> float:
    """S(t, u): 1.4 IC(t) for the same term, else Resnik, in nats.

    The bonus belongs to the pair and not to the term: a descendant of t shares IC(t) with it, and
    not 1.4 IC(t).
    """
    return IDENTICAL_TERM_BONUS * ic[t] if t == u else resnik(graph, ic, t, u)


def shared_information(
    graph: Graph,
    ic: InformationContents,
    query: Collection[str],
    candidate: Collection[str],
) -> float:
    """X(q, c) = sqrt(A B) over S, in nats; the first half of the phenotype score."""

    def similarity(t: str, u: str) -> float:
        return resnik_with_bonus(graph, ic, t, u)

    return best_match_geometric(similarity, query, candidate)


def neighbourhood(
    graph: Graph,
    ic: InformationContents,
    profile: Collection[str],
    panel: Iterable[Collection[str]],
    neighbours: int = NEIGHBOURS,
) -> float:
    """r(c): mean X to the ten cases of the panel that are nearest to the profile, in nats.

    All of the panel where it has fewer; its empty profiles are passed over, and a panel without
    any other sets no level: 0. The local scaling of CSLS, arXiv:1710.04087.
    """
    to_panel = (
        shared_information(graph, ic, member, profile) for member in panel if member
    )
    nearest = heapq.nlargest(neighbours, to_panel)
    return math.fsum(nearest) / len(nearest) if nearest else 0.0


def phenotype_score(
    shared: float, query_neighbourhood: float, candidate_neighbourhood: float
) -> float:
    """Y(q, c) = X(q, c) - r(q)/2 - r(c)/2, in nats; above 0 for closer than to the nearest."""
    return shared - query_neighbourhood / 2 - candidate_neighbourhood / 2


def _implied(graph: Graph, terms: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(ancestors(graph, term) for term in terms))


def _best(
    similarity: TermSimilarity, query: Collection[str], candidate: Collection[str]
) -> list[float]:
    others = set(candidate)
    return [max(similarity(t, u) for u in others) for t in set(query)]

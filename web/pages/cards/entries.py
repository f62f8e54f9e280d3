"""Everything a case was matched with, here and at peers, in one order by our own measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from matcher import Match
from matcher.case import Case
from matcher.evidence import EvidenceKind
from matcher.storage.kept_rankings import KeptRankings
from ontologies import Release
from web.accounts.people import Person
from web.db import connection
from web.mme.asking.reading import comparison
from web.mme.asking.answers import RemoteCase
from web.mme.asking.kept import Kept, KeptMatch
from web.mme.asking.wishes import Wishes
from web.mme.nodes import Nodes
from web.mme.nodes.health import Breaker
from web.pages.cards.match import BANDS, Card, card
from web.pages.cards.remote import (
    RemoteCard,
    newest,
    patients,
    remote_card,
    strongest,
    text,
)
from web.service import service
from web.verdicts.kept import Verdicts
from web.verdicts.verdict import Verdict
from web.viewing.ranking import Answer
from web.viewing.visibility import disclosed, may_open

OWN, NETWORK, EXCHANGE = "own", "network", "exchange"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One candidate as the page lists it; `draw` makes what is read of it, where it is read.

    Of a patient of a peer `node` is its name, `name` its id as it is shown. `band` says where the
    entry stands; of a peer that does not say how many cases it has, as if it had as many as this
    node. `terms` are the observed ones with everything above them. `first_seen` is "" for what is
    seen now first.
    """

    draw: Callable[[], Card | RemoteCard] = field(repr=False, compare=False)
    match: Match
    other_id: str
    name: str
    node: str = ""
    kind: str
    place: str
    band: str
    probability: float
    observed: frozenset[str]
    terms: frozenset[str]
    first_seen: str = ""
    verdict: Verdict | None = None

    @cached_property
    def card(self) -> Card | RemoteCard:
        """What is read of it. That takes an explanation, so only of what is shown."""
        return self.draw()

    @property
    def why(self) -> str:
        """What speaks for it first, "" for nothing."""
        if self.node:
            return strongest(self.match)
        return next((reason.text for reason in self.card.reasons), "")

    @property
    def shares_gene(self) -> bool:
        """Whether both sides list the same gene."""
        return self.ratio(EvidenceKind.GENE) > 0

    def ratio(self, kind: EvidenceKind) -> float:
        """The log likelihood ratio of one kind of evidence, 0 where there is none."""
        found = (each for each in self.match.evidence if each.kind is kind)
        return sum(0.0 if e.missing else e.log_likelihood_ratio for e in found)


def entries(person: Person, case: Case, answer: Answer) -> list[Entry]:
    """The matches of an answer and what peers told of, most probable first."""
    found = [*_here(person, case, answer), *_at_peers(person, case, answer.searched)]
    return sorted(found, key=lambda each: (-each.probability, each.node, each.other_id))


def _here(person: Person, case: Case, answer: Answer) -> Iterable[Entry]:
    first_named = KeptRankings(connection()).first_named(case.case_id)
    verdicts = Verdicts(connection(), person.site or "").of_case(case.case_id)
    release = service().release
    for rank, match in enumerate(answer.matches, 1):
        seen = disclosed(person, match.pair.candidate)
        is_own = may_open(person, match.pair.candidate)
        observed = _observed(seen, release)
        yield Entry(
            draw=partial(card, person, match, rank),
            match=match,
            other_id=match.case_id,
            name=match.case_id,
            kind=OWN if is_own else NETWORK,
            place=seen.site or "site not given",
            band=BANDS[match.band],
            probability=match.probability,
            observed=observed,
            terms=_with_ancestors(observed, release),
            first_seen=first_named.get(match.case_id, ""),
            verdict=verdicts.get(("", match.case_id)),
        )


def _at_peers(person: Person, case: Case, searched: int) -> Iterable[Entry]:
    kept = Kept(connection()).matches(case.case_id)
    if not kept:
        return
    seen = newest(kept)
    verdicts = Verdicts(connection(), person.site or "").of_case(case.case_id)
    for rank, each in enumerate(peers_patients(case, kept), 1):
        yield _entry(each, rank, seen, verdicts, searched)


def _entry(
    each: comparison.Card,
    rank: int,
    seen: dict[tuple[str, str], KeptMatch],
    verdicts: dict[tuple[str, str], Verdict],
    searched: int,
) -> Entry:
    best, release = each.best, service().release
    key = best.remote.node, best.remote.case.case_id
    probability, band = best.probability, best.match.band
    if probability is None:
        rules, score = service().calibration, best.score
        probability = rules.probability(score, searched)
        band = rules.bands.band(score, probability, None, best.match.unmeasured)
    observed = _observed(best.remote.case, release)
    return Entry(
        draw=partial(remote_card, each, rank, seen, release),
        match=best.match,
        other_id=best.remote.case.case_id,
        name=text(best.remote.case.case_id),
        node=best.remote.node,
        kind=EXCHANGE,
        place=best.remote.node,
        band=BANDS[band],
        probability=probability,
        observed=observed,
        terms=_with_ancestors(observed, release),
        first_seen=seen[key].first_seen,
        verdict=verdicts.get(key),
    )


def peers_patients(
    case: Case,
    kept: Sequence[KeptMatch],
    wishes: Wishes = Wishes(),
    aside: list[RemoteCase] | None = None,
) -> list[comparison.Card]:
    """The patients that peers told of and that fit, held against the case by our own measure.

    Who cannot be compared is added to `aside`.
    """
    measure = comparison.Comparison(service().release, service().calibration)
    return patients(case, kept, sizes(), measure, wishes, aside)


def sizes() -> dict[str, int | None]:
    """How many cases each peer says to have, by its name."""
    breaker = Breaker(connection())
    return {
        node.name: breaker.health(node.node_id).cases for node in Nodes(connection())
    }


def _observed(case: Case, release: Release) -> frozenset[str]:
    resolved = (release.ontology.resolve(term).term_id for term in case.observed)
    return frozenset(filter(None, resolved))


def _with_ancestors(observed: frozenset[str], release: Release) -> frozenset[str]:
    return frozenset(a for term in observed for a in release.ontology.ancestors(term))

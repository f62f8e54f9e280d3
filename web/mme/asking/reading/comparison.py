"""How alike peers' patients are to our case by our own measure, and which of them are one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from matcher import Calibration, Match, Matcher
from matcher.case import Case
from matcher.explanation import Explanation
from matcher.matching import MatchSettings
from ontologies import Release
from web.mme.asking.answers import RemoteCase
from web.mme.asking.reading.profiles import Profile, content_sha256, profile_of
from web.mme.asking.reading.putting_aside import tried
from web.mme.asking.wishes import Wishes

# With fewer terms two patients may well say the same by chance.
SAME_BY_TERMS = 5
QUERY = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteMatch:
    """A peer's patient beside our own score of it.

    Who it is, is (`remote.node`, `remote.case.case_id`). `match.score` is ours, in nats;
    `probability` is None where the peer does not say how many cases it has.
    """

    remote: RemoteCase
    match: Match
    probability: float | None
    profile: Profile
    content_sha256: str

    @property
    def score(self) -> float:
        """Our own score, in nats."""
        return self.match.score

    def explanation(self) -> Explanation | None:
        """Why it is as alike as it is; None where that cannot be said, which is logged."""
        return explained(self.match, self.remote.node)


@dataclass(frozen=True, slots=True)
class Card:
    """One patient, as one or several nodes tell of it; the best match first."""

    sightings: tuple[RemoteMatch, ...]

    @property
    def best(self) -> RemoteMatch:
        """The one to be shown."""
        return self.sightings[0]


class Comparison:
    """Scores peers' patients as the matcher would if they were cases of ours."""

    def __init__(self, release: Release, calibration: Calibration) -> None:
        self._release = release
        self._calibration = calibration

    def ranked(
        self,
        query: Case,
        remotes: Sequence[RemoteCase],
        cases_there: int | None = None,
        wishes: Wishes = Wishes(),
        aside: list[RemoteCase] | None = None,
    ) -> list[RemoteMatch]:
        """The patients of one peer, the best by our score first; all that are wanted.

        `cases_there` is how many cases the peer has, from its metrics. A patient with whom
        something goes wrong is logged, added to `aside` and left out.
        """
        wanted = list(filter(wishes.has_score, remotes))
        try:
            return self._ranked(query, wanted, cases_there, wishes)
        except Exception:
            failed = [] if aside is None else aside
            sound = list(self._sound(query, wanted, failed))
            return self._ranked(query, sound, cases_there, wishes)

    def _sound(
        self, query: Case, remotes: Iterable[RemoteCase], aside: list[RemoteCase]
    ) -> Iterator[RemoteCase]:
        """Those that can be scored by themselves."""
        for each in remotes:
            alone = partial(self._ranked, query, [each], None, Wishes())
            if tried(each.node, alone) is None:
                aside.append(each)
            else:
                yield each

    def _ranked(
        self,
        query: Case,
        remotes: Iterable[RemoteCase],
        cases_there: int | None,
        wishes: Wishes,
    ) -> list[RemoteMatch]:
        named = {f"{each.node}:{each.case.case_id}": each for each in remotes}
        matcher = Matcher(
            self._release,
            (_named(each.case, name) for name, each in named.items()),
            self._calibration,
            MatchSettings(workers=1),
        )
        asked = replace(query, case_id=QUERY)
        found = matcher.rank(
            asked,
            limit=wishes.max_results,
            constraints=wishes.constraints(self._release),
        )
        return [self._match(each, named[each.case_id], cases_there) for each in found]

    def _match(
        self, found: Match, remote: RemoteCase, cases_there: int | None
    ) -> RemoteMatch:
        probability = None
        if cases_there:
            probability = self._calibration.probability(found.score, cases_there)
            found = self._of_as_many(found, probability, cases_there)
        profile = profile_of(remote.case, self._release)
        return RemoteMatch(
            remote=remote,
            match=found,
            probability=probability,
            profile=profile,
            content_sha256=content_sha256(remote.case, profile, self._release),
        )

    def _of_as_many(self, found: Match, probability: float, cases: int) -> Match:
        """The match as one of so many that the peer searched, not of the few it told of."""
        efm = found.efm
        if efm is not None:
            efm *= cases / max(found.searched, 1)
        band = self._calibration.bands.band(
            found.score, probability, efm, found.unmeasured
        )
        return replace(
            found, searched=cases, probability=probability, efm=efm, band=band
        )


def explained(match: Match, node: str) -> Explanation | None:
    """The account of a patient of a peer, None where none can be given, which is logged."""
    return tried(node, match.explanation)


def _named(remote: Case, name: str) -> Case:
    """A peer's patient under a name of our own; solved as far as the peer tells."""
    return replace(remote, case_id=name, solved=bool(remote.diseases))


def cards(matches: Iterable[RemoteMatch]) -> list[Card]:
    """The patients behind the matches of all nodes, best by our score first.

    One that was deposited in several nodes is one card. Two of the same node never are: who
    deposits siblings gives them the same contact.
    """
    made: list[list[RemoteMatch]] = []
    alike: defaultdict[object, list[list[RemoteMatch]]] = defaultdict(list)
    for each in sorted(matches, key=_order):
        said = each.profile.observed, each.profile.genes
        for sightings in alike[said]:
            if _is_another_sighting(each, sightings):
                sightings.append(each)
                break
        else:
            made.append([each])
            alike[said].append(made[-1])
    return [Card(tuple(sightings)) for sightings in made]


def _order(match: RemoteMatch) -> tuple[float, str, str]:
    return -match.score, match.remote.node, match.remote.case.case_id


def _is_another_sighting(match: RemoteMatch, sightings: list[RemoteMatch]) -> bool:
    """Whether a match that says the same as these is the same patient."""
    if any(each.remote.node == match.remote.node for each in sightings):
        return False
    first = sightings[0].profile
    enough = len(first.observed) >= SAME_BY_TERMS
    return enough or match.profile.shares_address(first)

"""Kept matches computed again from what they name, to the last bit."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matcher import __version__
from matcher.calibration import BandRules, Calibration
from matcher.case import Case
from matcher.evidence.settings import EvidenceKind
from matcher.evidence.variants import Chain
from matcher.kept.calibrations import frozen
from matcher.kept.errors import MissingChainFile, NotInRanking
from matcher.kept.keeping import arithmetic, ranked_candidate, settings_of
from matcher.kept.releases import release_of
from matcher.matches import Match
from matcher.matching import Matcher, MatchSettings
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.kept_rows import Basis, KeptMatch, KeptRanking, RankedCandidate
from ontologies import Release
from ontologies.library import data_directory

# Opened releases and calibrations that are kept at hand; a replay of years meets few.
_AT_HAND = 8


@dataclass(frozen=True, slots=True)
class Replayed:
    """A kept match and what it comes to now; `match` explains itself like any other."""

    kept: KeptMatch
    match: Match

    @property
    def found(self) -> RankedCandidate:
        """What is computed now, as it would be kept."""
        return ranked_candidate(self.match, self.kept.rank)

    @property
    def is_same(self) -> bool:
        """Whether every number is the same to the last bit."""
        names = [each.name for each in dataclasses.fields(RankedCandidate)]
        found = self.found
        return all(getattr(self.kept, name) == getattr(found, name) for name in names)


@dataclass(frozen=True, slots=True)
class Replay:
    """A kept ranking computed again; `remarks` say what may make it differ."""

    ranking: KeptRanking
    matches: tuple[Replayed, ...]
    remarks: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether every match came out the same."""
        return all(each.is_same for each in self.matches)


@dataclass(frozen=True, slots=True)
class Ground:
    """A release and a calibration, opened."""

    release: Release
    calibration: Calibration


class Replayer:
    """Computes kept rankings of one database again.

    Releases and calibrations are looked for below `directory`, by default the data directory.
    """

    def __init__(
        self,
        kept: KeptRankings,
        directory: Path | None = None,
        *,
        chain: Chain | None = None,
    ) -> None:
        self._kept = kept
        self._directory = directory or data_directory()
        self._chain = chain
        self._opened: dict[tuple[str, str], Ground] = {}

    def ranking(self, number: int) -> Replay:
        """A kept ranking, all of its matches computed again.

        Raises what names the missing thing: `UnknownRanking`, `UnknownRelease`,
        `MissingCalibration`, `ErasedCase` and their like.
        """
        ranking = self._kept.get(number)
        return self._replay(ranking, ranking.matches)

    def match(self, number: int, case_id: str) -> Replay:
        """One match of a kept ranking computed again; of the others nothing is said."""
        ranking = self._kept.get(number)
        found = ranking.match(case_id)
        if found is None:
            self._kept.refuse_erased(case_id)
            raise NotInRanking(number, case_id)
        return self._replay(ranking, [found])

    def scored(
        self, ranking: KeptRanking, query: Case, pairs: Sequence[tuple[KeptMatch, Case]]
    ) -> Iterator[Replayed]:
        """Matches computed with what a ranking names, for a query and candidates as given."""
        basis = ranking.basis
        ground = self._ground(basis)
        groups: dict[frozenset[EvidenceKind], list[tuple[KeptMatch, Case]]]
        groups = defaultdict(list)
        for kept, case in pairs:
            groups[frozenset(map(EvidenceKind, kept.evidence))].append((kept, case))
        for kinds, group in groups.items():
            yield from self._group(ranking, ground, query, kinds, group)

    def _replay(self, ranking: KeptRanking, chosen: Sequence[KeptMatch]) -> Replay:
        if ranking.basis.settings["chain"] and self._chain is None:
            raise MissingChainFile(ranking.number)
        query = self._case(ranking.query_revision)
        pairs = [(kept, self._case(kept.revision)) for kept in chosen]
        found = self.scored(ranking, query, pairs)
        return Replay(
            ranking=ranking,
            matches=tuple(sorted(found, key=lambda each: each.kept.rank)),
            remarks=tuple(self._remarks(ranking.basis)),
        )

    def _case(self, revision: int) -> Case:
        case = self._kept.revision(revision).case
        assert case is not None
        return case

    def _group(
        self,
        ranking: KeptRanking,
        ground: Ground,
        query: Case,
        kinds: frozenset[EvidenceKind],
        group: Sequence[tuple[KeptMatch, Case]],
    ) -> Iterator[Replayed]:
        """The matches that were compared by the same kinds of evidence."""
        basis, searched = ranking.basis, ranking.searched
        bands, calibration = BandRules(**basis.bands), ground.calibration
        matcher = Matcher(
            ground.release,
            [case for _, case in group],
            calibration,
            MatchSettings(evidence=settings_of(basis, kinds, self._chain), workers=1),
        )
        found = {match.case_id: match for match in matcher.rank(query, limit=None)}
        scale = matcher.question(query).scale
        for kept, case in group:
            match = found[case.case_id]
            y = match.closeness
            efm = None if y is None else calibration.false_matches(scale, y, searched)
            probability = calibration.probability(match.score, searched)
            yield Replayed(
                kept,
                dataclasses.replace(
                    match,
                    rank=kept.rank,
                    searched=searched,
                    probability=probability,
                    efm=efm,
                    band=bands.band(match.score, probability, efm, match.unmeasured),
                ),
            )

    def _ground(self, basis: Basis) -> Ground:
        key = basis.release_id, basis.calibration_id
        if key not in self._opened:
            release = release_of(basis, self._directory)
            calibration = frozen(
                basis.calibration_id, release, self._directory, basis.release_id
            )
            while len(self._opened) >= _AT_HAND:
                del self._opened[next(iter(self._opened))]
            self._opened[key] = Ground(release, calibration)
        return self._opened[key]

    def _remarks(self, basis: Basis) -> Iterable[str]:
        """What is not as it was then, though it is computed with anyway."""
        if basis.version != __version__:
            yield (
                f"It was ranked by Secondcase {basis.version} and is computed again by "
                f"{__version__}, which may count otherwise."
            )
        ground = self._ground(basis)
        if ground.release.release_id != basis.release_id:
            yield (
                f"Release {basis.release_id} is there as {ground.release.release_id}, which was "
                "compiled again from the same files."
            )
        now = arithmetic(ground.calibration)
        if basis.arithmetic != now:
            yield (
                f"It was summed up by {basis.arithmetic} code and is now by {now} code, "
                "so that the last digit may differ."
            )

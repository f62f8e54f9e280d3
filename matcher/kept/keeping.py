"""What is kept of an answer, and with it everything that its scores follow from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matcher import __version__
from matcher.calibration import Calibration
from matcher.engine.constraints import Constraints
from matcher.evidence.settings import EvidenceKind, EvidenceSettings
from matcher.kept.calibrations import freeze
from matcher.kept.releases import sources_of, term_rows_of
from matcher.matches import Match
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.kept_rows import Basis, RankedCandidate, RankingToKeep

if TYPE_CHECKING:
    from matcher.matching import Matcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asked what: the parts of a kept ranking that its matches do not say.

    `as_of` is the revision of the store, read before the query case was and before anything was
    ranked. `actor` is who asked, `place` where: a page, a command, a standing query.
    """

    query_id: str
    as_of: int
    actor: str
    place: str
    at_most: int | None
    constraints: Constraints = Constraints()


def keep(
    kept: KeptRankings,
    asked: Asked,
    matches: tuple[Match, ...],
    searched: int,
    *,
    matcher: Matcher,
    directory: Path,
) -> int | None:
    """Keep an answer; its number, or None if there is nothing new in it.

    The calibration is frozen below `directory`. `matches` are best first; their place in the
    answer is kept as their rank.
    """
    freeze(matcher.calibration, directory)
    ranking = RankingToKeep(
        query_id=asked.query_id,
        as_of=asked.as_of,
        actor=asked.actor,
        place=asked.place,
        searched=searched,
        at_most=asked.at_most,
        basis=basis(matcher, asked.constraints),
        matches=tuple(
            ranked_candidate(match, rank) for rank, match in enumerate(matches, 1)
        ),
    )
    return kept.keep(ranking)


def basis(matcher: Matcher, constraints: Constraints = Constraints()) -> Basis:
    """What the scores of a matcher follow from, besides the cases."""
    calibration = matcher.calibration
    return Basis(
        release_id=matcher.release.release_id,
        calibration_id=calibration.calibration_id,
        version=__version__,
        arithmetic=arithmetic(calibration),
        releases=dict(matcher.release.versions),
        sources=sources_of(matcher.release),
        term_rows=term_rows_of(matcher.release),
        expected_partners=calibration.expected_partners,
        bands=asdict(calibration.bands),
        settings=_settings(matcher.settings.evidence),
        conditions=_conditions(constraints),
        kinds=[str(kind) for kind in EvidenceKind],
    )


def arithmetic(calibration: Calibration) -> str:
    """What computes the sums: "compiled" or "numpy"; the last bit may differ between them."""
    return type(calibration.kernels).__name__.removesuffix("Kernels").lower()


def ranked_candidate(match: Match, rank: int) -> RankedCandidate:
    """What is kept of a match."""
    return RankedCandidate(
        case_id=match.case_id,
        rank=rank,
        score=match.score,
        probability=match.probability,
        efm=match.efm,
        band=str(match.band),
        evidence={
            str(each.kind): each.missing or each.log_likelihood_ratio
            for each in match.evidence
        },
    )


def settings_of(
    basis: Basis, kinds: frozenset[EvidenceKind], chain: Any = None
) -> EvidenceSettings:
    """The settings that a basis names, with these kinds of evidence and this chain file."""
    values = {**basis.settings, "kinds": kinds, "chain": chain}
    values["weights"] = {
        EvidenceKind(kind): weight for kind, weight in values["weights"].items()
    }
    return EvidenceSettings(**values)


def _settings(settings: EvidenceSettings) -> Mapping[str, Any]:
    """The settings as JSON values. The kinds stand in each match, as they differ."""
    values = {
        field.name: getattr(settings, field.name)
        for field in fields(EvidenceSettings)
        if field.name != "kinds"
    }
    plain = {
        name: (
            {str(key): each for key, each in value.items()}
            if isinstance(value, Mapping)
            else value
        )
        for name, value in values.items()
    }
    return {**plain, "chain": settings.chain is not None}


def _conditions(constraints: Constraints) -> Mapping[str, Any]:
    """The constraints that are not the default; who may see what is said as a word."""
    given = {
        field.name: getattr(constraints, field.name)
        for field in fields(Constraints)
        if getattr(constraints, field.name) != field.default
    }
    if "admits" in given:
        given["admits"] = "what the asker may see"
    return given

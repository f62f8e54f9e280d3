"""The groups of every site whose cases, release or calibration have changed, made anew."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from matcher import Calibration, Case, Matcher, __version__
from matcher.cohort import (
    EdgeRule,
    Group,
    case_graph,
    find_groups,
    is_diagnosed,
    positions,
)
from matcher.matching import MatchSettings
from matcher.storage.database import Database
from matcher.storage.errors import DamagedCase
from matcher.storage.saving import last_revision
from matcher.storage.store import CaseStore
from ontologies import Release
from ontologies.library import data_directory
from ontologies.pointer import pointed
from ontologies.progress import Progress, silent
from web.config import Settings
from web.groups.keeping import KeptGroup, KeptGroups, Member, Tie, View
from web.groups.views import Colleague, fingerprint, revisions, sites

if TYPE_CHECKING:
    from matcher.cohort.graph import CaseGraph

SEED = 1
RESAMPLES = 10

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Makes the groups of one database; `processes` share the work if there are no threads."""

    db: Database
    release: Release
    calibration: Calibration
    settings: Settings
    processes: int = 1
    progress: Progress = silent

    def make_due(self) -> int:
        """Make the groups of each site where anything has changed; for how many that was."""
        basis = basis_of(self.settings, self.release.release_id)
        kept = KeptGroups(self.db)
        made = 0
        for site in sites(self.db):
            as_of = last_revision(self.db)
            view = kept.view(site)
            if view and view.basis == basis and kept.is_current(view):
                kept.touch(site, as_of)
                continue
            self._make(kept, site, basis, as_of)
            made += 1
        return made

    def _make(self, kept: KeptGroups, site: str, basis: str, as_of: int) -> None:
        start = time.monotonic()
        colleague = Colleague(site)
        visible = revisions(self.db, site)
        cases = self._cases(colleague)
        rule = EdgeRule(mutual=self.settings.band_contact)
        matcher = Matcher(
            self.release, cases, self.calibration, MatchSettings(workers=self.processes)
        )
        shortlists = list(
            matcher.rank_many(cases, progress=self.progress, processes=self.processes)
        )
        cohort = find_groups(
            self.release,
            cases,
            shortlists,
            rule=rule,
            seed=SEED,
            resamples=RESAMPLES,
            progress=self.progress,
        )
        graph = case_graph(cases, shortlists, rule)
        groups = [
            _kept(group, graph, colleague, visible)
            for group in sorted(cohort.groups, key=lambda each: _order(each, site))
        ]
        view = View(
            site=site,
            basis=basis,
            fingerprint=fingerprint(visible.items()),
            as_of=as_of,
            made_at=kept.now(),
            seconds=time.monotonic() - start,
            facts=self._facts(cases, rule),
        )
        kept.keep(view, groups)
        log.debug(
            "groups made",
            site=site,
            cases=len(cases),
            groups=len(groups),
            revision=as_of,
        )

    def _cases(self, colleague: Colleague) -> list[Case]:
        """Every case of the view, as the site may read it."""
        stored = CaseStore(self.db).cases(on_damage=_leave_out)
        return [
            colleague.reads(each.case) for each in stored if colleague.meets(each.case)
        ]

    def _facts(self, cases: Sequence[Case], rule: EdgeRule) -> dict[str, Any]:
        return {
            "cases": len(cases),
            "undiagnosed": sum(not is_diagnosed(case) for case in cases),
            "alone": rule.alone,
            "mutual": rule.mutual,
            "release": self.release.release_id,
            "hpo": self.release.versions["hpo"],
            "calibration": self.calibration.calibration_id,
            "secondcase": __version__,
        }


def basis_of(settings: Settings, release_id: str) -> str:
    """What differs whenever the same cases might form other groups."""
    named = {
        "release": release_id,
        "calibration": settings.calibration,
        "activated with": pointed(data_directory()).calibration_of(release_id),
        "contact": settings.band_contact,
        "partners": settings.expected_partners,
        "version": __version__,
        "seed": SEED,
    }
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def _leave_out(error: DamagedCase) -> None:
    log.error("damaged case left out", case_id=error.case_id, revision=error.revision)


def _order(group: Group, site: str) -> tuple[object, ...]:
    """Groups that nobody has a name for first, then where the site itself has a case."""
    return (
        group.diagnosed > 0,
        site not in group.sites,
        -len(group.sites),
        -len(group.case_ids),
        -(group.firmness or 0.0),
        group.case_ids,
    )


def _kept(
    group: Group, graph: CaseGraph, colleague: Colleague, visible: dict[str, int]
) -> KeptGroup:
    """The group with its own cases first, and where each stands in the picture."""
    case_ids = sorted(
        group.case_ids,
        key=lambda each: (graph.nodes[each]["site"] != colleague.site, each),
    )
    place = {case_id: at for at, case_id in enumerate(case_ids)}
    drawn = positions(graph, case_ids, seed=SEED)
    part: CaseGraph = graph.subgraph(case_ids)
    ties = part.edges(data="probability", default=0.0)
    named = {"case_ids", "firmness_of"}
    return KeptGroup(
        body={
            **{key: each for key, each in group.to_json().items() if key not in named},
            "headline": group.headline,
            "cases": len(case_ids),
        },
        members=tuple(
            Member(
                case_id=case_id,
                # Changed since its cases were listed, it counts as changed.
                revision=visible.get(case_id, 0),
                firmness=group.firmness_of.get(case_id),
                x=drawn[case_id][0] if case_id in drawn else None,
                y=drawn[case_id][1] if case_id in drawn else None,
            )
            for case_id in case_ids
        ),
        ties=tuple(
            Tie(
                one=min(place[one], place[other]),
                other=max(place[one], place[other]),
                probability=probability,
            )
            for one, other, probability in ties
        ),
        own=group.sites.get(colleague.site, 0),
    )

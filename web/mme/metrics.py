"""The public numbers of a node: https://github.com/ga4gh/mme-apis, metrics."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import structlog
from flask import current_app

from matcher.case import Case
from matcher.readers import mme
from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import DamagedCase
from matcher.storage.store import CaseStore
from ontologies import Release
from web.db import connection
from web.errors import WebError
from web.mme.actions import DISCLOSED, REFUSED
from web.mme.disclosing.consent import is_exchanged
from web.mme.disclosing.consents import Consents
from web.mme.disclosing.generalisation import Generalisation
from web.mme.answering.view import sent
from web.service import service

EXTENSION = "secondcase-metrics"
FRESH_SECONDS = 3600
RETRY_SECONDS = 10

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Every number of the specification, and the means that matchbox has beside them.

    They count what peers can be told: of the shared cases that are no tests the genes, variants
    and observed features that are sent. Requests and potential matches are those of all peers
    since the audit began, without tests; a gene is matched once a result had it in common with
    a request.
    """

    number_of_cases: int
    number_of_submitters: int
    number_of_genes: int
    number_of_unique_genes: int
    number_of_variants: int
    number_of_unique_variants: int
    number_of_features: int
    number_of_unique_features: int
    number_of_feature_sets: int
    number_of_unique_feature_sets: int
    number_of_unique_genes_matched: int
    number_of_cases_with_diagnosis: int
    number_of_requests_received: int
    number_of_potential_matches_sent: int
    mean_number_of_genes_per_case: float
    mean_number_of_variants_per_case: float
    mean_number_of_phenotypes_per_case: float
    date_generated: str

    def to_json(self) -> dict[str, Any]:
        """The same under the names of the specification."""
        return {_camel(each.name): getattr(self, each.name) for each in fields(self)}


def counted(
    db: Database,
    release: Release,
    consent_from_level: int = 2,
    rare_below: int = 0,
    singled_out_by: int = 0,
) -> Metrics:
    """The numbers of a database, counted now: every shared case is read."""
    submitters, tally = set(), _Tally()
    consents = Consents(db, consent_from_level)
    generalisation = Generalisation(db, release, rare_below, singled_out_by)
    for stored in CaseStore(db).cases(on_damage=_leave_out):
        case = stored.case
        if is_exchanged(case) and not case.test and consents.allowed([case]):
            submitters.add(case.submitter or case.site)
            tally.add(sent(generalisation.of(case), release))
    received, told = _traffic(db)
    number = tally.cases or 1
    return Metrics(
        number_of_cases=tally.cases,
        number_of_submitters=len(submitters - {None}),
        number_of_genes=tally.genes.total(),
        number_of_unique_genes=len(tally.genes),
        number_of_variants=tally.variants.total(),
        number_of_unique_variants=len(tally.variants),
        number_of_features=tally.features.total(),
        number_of_unique_features=len(tally.features),
        number_of_feature_sets=tally.feature_sets.total(),
        number_of_unique_feature_sets=len(tally.feature_sets),
        number_of_unique_genes_matched=db.table("matched_genes").count,
        number_of_cases_with_diagnosis=tally.diagnosed,
        number_of_requests_received=received,
        number_of_potential_matches_sent=told,
        mean_number_of_genes_per_case=round(tally.genes.total() / number, 2),
        mean_number_of_variants_per_case=round(tally.variants.total() / number, 2),
        mean_number_of_phenotypes_per_case=round(tally.features.total() / number, 2),
        date_generated=datetime.now(UTC).isoformat(timespec="seconds"),
    )


class _Tally:
    """What stands in the messages about cases, and how often."""

    def __init__(self) -> None:
        self.cases = 0
        self.diagnosed = 0
        self.genes: Counter[str] = Counter()
        self.variants: Counter[tuple[Any, ...]] = Counter()
        self.features: Counter[str] = Counter()
        self.feature_sets: Counter[frozenset[str]] = Counter()

    def add(self, patient: Mapping[str, Any]) -> None:
        """Count one case as it is sent."""
        genomic = patient.get("genomicFeatures", ())
        variants = [each["variant"] for each in genomic if "variant" in each]
        features = {
            each["id"] for each in patient.get("features", ()) if _is_observed(each)
        }
        self.cases += 1
        self.diagnosed += "disorders" in patient
        self.genes.update(genes_of(patient))
        self.variants.update(tuple(sorted(each.items())) for each in variants)
        self.features.update(features)
        self.feature_sets.update([frozenset(features)] if features else [])


def genes_of(patient: Mapping[str, Any]) -> frozenset[str]:
    """The genes of a message that we wrote, each once, by the id that is sent."""
    return frozenset(f["gene"]["id"] for f in patient.get("genomicFeatures", ()))


def note_matched_genes(
    db: Database, query: Case, patients: Iterable[Mapping[str, Any]], release: Release
) -> None:
    """Keep that a request was answered with these genes: not whose, by whom, or when."""
    asked = genes_of(mme.to_json(query, release=release))
    matched = asked & frozenset().union(*map(genes_of, patients))
    listed = json.dumps(sorted(matched))
    known = (
        "SELECT gene FROM matched_genes WHERE gene IN (SELECT value FROM json_each(?))"
    )
    new = matched - {row["gene"] for row in rows(db, known, [listed])}
    if new:
        with write_transaction(db):
            # Another request may have added one since; the table has no row numbers, by which
            # sqlite-utils would look for what it ignored.
            db.execute(
                "INSERT OR IGNORE INTO matched_genes SELECT value FROM json_each(?)",
                [json.dumps(sorted(new))],
            )


class BeingCounted(WebError):
    """The numbers are asked for while they are counted for the first time."""

    def __init__(self) -> None:
        super().__init__(
            "The numbers of this node are being counted; "
            f"ask again in {RETRY_SECONDS} seconds."
        )
        self.retry_after = RETRY_SECONDS


class MetricsDesk:
    """Has the numbers counted once an hour at most, however often they are asked for.

    Nobody waits for another's count: whoever comes meanwhile is given the numbers of before.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counting = threading.Lock()
        self._latest: tuple[float, Metrics] | None = None

    def current(self, count: Callable[[], Metrics]) -> Metrics:
        """The latest numbers, counted again if they are old. Raises `BeingCounted`."""
        latest, now = self._latest, self._clock()
        if latest is not None and now - latest[0] < FRESH_SECONDS:
            return latest[1]
        if not self._counting.acquire(blocking=False):
            if latest is None:
                raise BeingCounted
            return latest[1]
        try:
            counted_now = count()
            self._latest = now, counted_now
            return counted_now
        finally:
            self._counting.release()


def current_metrics() -> Metrics:
    """The numbers that the application of this request shows now."""
    desk: MetricsDesk = current_app.extensions.setdefault(EXTENSION, MetricsDesk())
    made = service()
    said = made.settings
    return desk.current(
        lambda: counted(
            connection(),
            made.release,
            said.consent_from_level,
            said.rare_below,
            said.singled_out_by,
        )
    )


def _is_observed(feature: Mapping[str, Any]) -> bool:
    return bool(feature["observed"] == "yes")


def _traffic(db: Database) -> tuple[int, int]:
    """Requests received from peers, and results sent to them, those of tests left out."""
    sql = """
        SELECT count(*) AS received, total(json_array_length(case_ids)) AS sent FROM audit
        WHERE action IN (?, ?) AND json_extract(facts, '$.test') IS NOT 1
    """
    [row] = rows(db, sql, [DISCLOSED, REFUSED])
    return row["received"], int(row["sent"])


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _leave_out(error: DamagedCase) -> None:
    log.error("damaged case left out", case_id=error.case_id, revision=error.revision)

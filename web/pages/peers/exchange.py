"""What anybody may know of this node's part in the exchange: numbers, disclaimers and terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from matcher.wording import number
from web.db import connection
from web.mme.metrics import Metrics, current_metrics
from web.mme.posted import posted
from web.pages.peers.lines import text_of_terms
from web.service import service

blueprint = Blueprint("exchange", __name__)

# A count below this could point at somebody.
FEWEST = 5
FEW = f"fewer than {FEWEST}"
UNTOLD = "not told"

SHARED = (
    ("Cases", "number_of_cases"),
    ("People who entered them", "number_of_submitters"),
    ("Cases with a diagnosis", "number_of_cases_with_diagnosis"),
    ("Candidate genes", "number_of_genes"),
    ("Different candidate genes", "number_of_unique_genes"),
    ("Candidate genes of a case, on average", "mean_number_of_genes_per_case"),
    ("Variants", "number_of_variants"),
    ("Different variants", "number_of_unique_variants"),
    ("Variants of a case, on average", "mean_number_of_variants_per_case"),
    ("Observed features", "number_of_features"),
    ("Different observed features", "number_of_unique_features"),
    ("Observed features of a case, on average", "mean_number_of_phenotypes_per_case"),
    ("Cases with an observed feature", "number_of_feature_sets"),
    ("Different combinations of features", "number_of_unique_feature_sets"),
)
ASKED = (
    ("Requests from peers", "number_of_requests_received"),
    ("Possible matches sent to them", "number_of_potential_matches_sent"),
    ("Different genes in common with a request", "number_of_unique_genes_matched"),
)
# A mean times the number of cases is the count again.
COUNTS = {
    "mean_number_of_genes_per_case": "number_of_genes",
    "mean_number_of_variants_per_case": "number_of_variants",
    "mean_number_of_phenotypes_per_case": "number_of_features",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One number as it is told."""

    label: str
    told: str


@blueprint.get("/exchange")
def show() -> ResponseReturnValue:
    """The numbers, the same for everybody, and no token needed."""
    metrics, settings = current_metrics(), service().settings
    return render_template(
        "exchange/show.html",
        site_name=settings.site_name,
        counted_at=datetime.fromisoformat(metrics.date_generated),
        shared=rows(SHARED, metrics),
        asked=rows(ASKED, metrics),
        fewest=FEWEST,
        disclaimer=settings.disclaimer,
        terms=settings.terms,
        peers=[
            (each.node, text_of_terms(each.disclaimer), text_of_terms(each.terms))
            for each in posted(connection())
        ],
    )


def rows(chosen: tuple[tuple[str, str], ...], metrics: Metrics) -> list[Row]:
    """The numbers as they are told, those that could point at somebody left vague."""
    return [Row(label, told(field, metrics)) for label, field in chosen]


def told(field: str, metrics: Metrics) -> str:
    """One number in words or digits.

    Of fewer than five shared cases nothing but that is told, and no count from one to four, nor
    the mean of one.
    """
    value: float = getattr(metrics, field)
    of_cases = {name for _, name in SHARED} - {"number_of_cases"}
    if field in of_cases and metrics.number_of_cases < FEWEST:
        return UNTOLD
    if field in COUNTS:
        is_small = 0 < getattr(metrics, COUNTS[field]) < FEWEST
        return UNTOLD if is_small else number(value)
    if 0 < value < FEWEST:
        return FEW
    return number(value)

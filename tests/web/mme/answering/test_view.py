"""Nothing that the sharing level withholds moves a byte of what a peer is told."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from matcher.case import (
    Case,
    Contact,
    Death,
    Disease,
    DiseaseStatus,
    Exposure,
    GenomicFeature,
    Measurement,
    Onset,
    PhenotypicFeature,
    Relation,
    Relative,
    Sex,
    Sharing,
    Treatment,
    Variant,
    Zygosity,
)
from matcher.storage.store import CaseStore
from ontologies import Release
from web import create_app
from web.config import load_settings
from web.db import open_database
from web.mme.answering import server
from web.mme.nodes import Nodes
from web.mme.answering.view import seen, sent

pytestmark = pytest.mark.usefixtures("everybody_agreed")

TERMS = ("HP:0001250", "HP:0001252", "HP:0000252")
SUBSTITUTION = Variant(
    assembly="GRCh38",
    chromosome="17",
    start=44_851_009,
    reference="C",
    alternate="T",
    zygosity=Zygosity.HETEROZYGOUS,
)
CANDIDATE = Case(
    case_id="north-1",
    features=tuple(PhenotypicFeature(term_id=term_id) for term_id in TERMS),
    genomic_features=(GenomicFeature(gene="EFTUD2"),),
    diseases=(Disease(disease_id="OMIM:610536"),),
    sex=Sex.FEMALE,
    contact=Contact(name="Genetics", href="mailto:genetics@north.example"),
    site="North",
    submitter="alice",
    sharing=Sharing.EXCHANGE_1,
)
# Everything that evidence could be drawn from, so that whatever is let through moves the score.
QUERY = {
    "id": "theirs-1",
    "contact": {"name": "Dr Example", "href": "mailto:a@island.example"},
    "features": [{"id": term_id} for term_id in TERMS],
    "ageOfOnset": "HP:0003577",
    "inheritanceMode": "HP:0001419",
    "disorders": [{"id": "MIM:610536"}],
    "genomicFeatures": [
        {
            "gene": {"id": "EFTUD2"},
            "variant": {
                "assembly": "GRCh38",
                "referenceName": "17",
                "start": 44_851_008,
                "referenceBases": "C",
                "alternateBases": "T",
            },
            "zygosity": 1,
        }
    ],
}
CONGENITAL = Onset(years=0.0, term_id="HP:0003577")
ALWAYS_WITHHELD: dict[str, dict[str, Any]] = {
    "label": {"label": "canary"},
    "age_years": {"age_years": 3.0},
    "family": {"family": "canary"},
    "site": {"site": "South"},
    "submitter": {"submitter": "bob"},
    "simulated": {"simulated": True},
    "solved": {"solved": True},
    "publications": {"publications": ("PMID:1",)},
    "measurements": {"measurements": (Measurement(assay_id="LOINC:2160-0"),)},
    "treatments": {"treatments": (Treatment(agent_id="CHEBI:1"),)},
    "exposures": {"exposures": (Exposure(exposure_id="ECTO:1"),)},
    "uncertain": {"uncertain": (PhenotypicFeature(term_id="HP:0001250"),)},
    "relatives": {"relatives": (Relative(relation=Relation.MOTHER, affected=True),)},
    "death": {"death": Death(years=4.0, cause="canary")},
    "note": {"note": "canary"},
    "excluded gene": {
        "genomic_features": (
            GenomicFeature(gene="EFTUD2"),
            GenomicFeature(gene="POLG", excluded=True),
        )
    },
    "excluded gene of the query": {
        "genomic_features": (
            GenomicFeature(gene="EFTUD2"),
            GenomicFeature(gene="EFTUD2", variant=SUBSTITUTION, excluded=True),
        )
    },
    "variant held back": {
        "genomic_features": (
            GenomicFeature(
                gene="EFTUD2", variant=replace(SUBSTITUTION, shareable=False)
            ),
        )
    },
    "variant without a gene": {
        "genomic_features": (
            GenomicFeature(gene="EFTUD2"),
            GenomicFeature(variant=SUBSTITUTION),
        )
    },
    "onset in years": {"onset": Onset(years=0.0)},
    "candidate disease": {
        "diseases": (
            *CANDIDATE.diseases,
            Disease(disease_id="OMIM:100300", status=DiseaseStatus.CANDIDATE),
        )
    },
}
WITHHELD_AT_LEVEL_1: dict[str, dict[str, Any]] = {
    "onset": {"onset": CONGENITAL},
    "inheritance": {"inheritance": ("HP:0001419",)},
    "variant": {
        "genomic_features": (GenomicFeature(gene="EFTUD2", variant=SUBSTITUTION),)
    },
    "onset and modifiers of a feature": {
        "features": tuple(
            replace(f, onset=CONGENITAL, modifiers=("HP:0012832",), severity=None)
            for f in CANDIDATE.features
        )
    },
    "onset of a disease": {
        "diseases": (replace(CANDIDATE.diseases[0], onset=CONGENITAL),)
    },
}
SEEN = {
    "case_id",
    "features",
    "genomic_features",
    "diseases",
    "sex",
    "species",
    "contact",
    "sharing",
    "test",
}


@dataclasses.dataclass
class Island:
    """A peer that asks nodes of one stored case each, without a network."""

    folder: Path
    release: Release
    nodes: int = 0

    def reply(self, case: Case) -> bytes:
        """What the peer is told by a new node that has this case and no other."""
        self.nodes += 1
        settings = load_settings({}, directory=self.folder / str(self.nodes))
        db = open_database(settings.database)
        with CaseStore(db) as store:
            store.put(case, actor="test")
            token = Nodes(db).add("Island")
        client = create_app(settings, release=self.release).test_client()
        headers = {"X-Auth-Token": token}
        answer = client.post("/match", json={"patient": QUERY}, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.get_json()["results"]
        return answer.data


@pytest.fixture
def island(tmp_path: Path, release: Release, monkeypatch: pytest.MonkeyPatch) -> Island:
    # A band could hide that a score moved.
    monkeypatch.setattr(server, "BANDS", 10**12)
    return Island(tmp_path, release)


@pytest.mark.parametrize("level", [Sharing.EXCHANGE_1, Sharing.EXCHANGE_2])
@pytest.mark.parametrize("changed", ALWAYS_WITHHELD)
def test_what_never_leaves_moves_no_byte(
    island: Island, changed: str, level: Sharing
) -> None:
    plain = replace(CANDIDATE, sharing=level)
    other = replace(plain, **ALWAYS_WITHHELD[changed])

    assert island.reply(other) == island.reply(plain)


@pytest.mark.parametrize("changed", WITHHELD_AT_LEVEL_1)
def test_what_level_one_withholds_moves_no_byte(island: Island, changed: str) -> None:
    other = replace(CANDIDATE, **WITHHELD_AT_LEVEL_1[changed])

    assert island.reply(other) == island.reply(CANDIDATE)


@pytest.mark.parametrize(
    "changed", sorted(WITHHELD_AT_LEVEL_1.keys() - {"onset of a disease"})
)
def test_the_same_is_told_at_level_two(island: Island, changed: str) -> None:
    plain = replace(CANDIDATE, sharing=Sharing.EXCHANGE_2)
    other = replace(plain, **WITHHELD_AT_LEVEL_1[changed])

    assert island.reply(other) != island.reply(plain)


def test_a_second_variant_that_is_held_back_leaves_no_trace(island: Island) -> None:
    one = GenomicFeature(gene="EFTUD2", variant=SUBSTITUTION)
    hidden = replace(
        one, variant=replace(SUBSTITUTION, start=44_852_000, shareable=False)
    )
    plain = replace(CANDIDATE, sharing=Sharing.EXCHANGE_2, genomic_features=(one,))

    told = island.reply(replace(plain, genomic_features=(hidden, one)))

    assert told == island.reply(plain)


def test_every_field_is_either_sent_or_shown_to_move_nothing() -> None:
    named = {name for name in ALWAYS_WITHHELD} | {"onset", "inheritance"}

    assert {field.name for field in dataclasses.fields(Case)} <= SEEN | named


@pytest.mark.parametrize("level", sorted(set(Sharing) - {"exchange-1", "exchange-2"}))
def test_a_case_that_is_not_shared_is_not_seen(
    release: Release, level: Sharing
) -> None:
    case = replace(CANDIDATE, sharing=level)

    assert seen(case, release) is None
    with pytest.raises(ValueError, match="not with the exchange"):
        sent(case, release)


def test_a_variant_that_cannot_be_written_does_not_count(release: Release) -> None:
    by_name = GenomicFeature(gene="EFTUD2", variant=Variant(hgvs=("NM_1.1:c.1A>G",)))
    case = replace(CANDIDATE, sharing=Sharing.EXCHANGE_2, genomic_features=(by_name,))

    view = seen(case, release)

    assert view is not None and view.genomic_features[0].variant is None

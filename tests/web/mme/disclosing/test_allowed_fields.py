"""What a peer is told of any case at all: the fields of its level, and no text typed by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.case import (
    Case,
    Contact,
    Disease,
    DiseaseStatus,
    Exposure,
    GenomicFeature,
    Measurement,
    Onset,
    PhenotypicFeature,
    Sex,
    Sharing,
    Treatment,
    Variant,
    Zygosity,
)
from ontologies import Release
from web.mme.answering.view import told

CANARY = "canary 5d"
LEVEL_1 = frozenset(
    "id species sex test contact.name contact.href contact.institution contact.roles"
    " features.id features.label features.observed disorders.id disorders.label"
    " genomicFeatures.gene.id genomicFeatures.gene._geneName"
    " genomicFeatures.gene._ensemblGeneID genomicFeatures.gene._entrezGeneID".split()
)
LEVEL_2 = LEVEL_1 | frozenset(
    "ageOfOnset inheritanceMode features.ageOfOnset features.modifiers.id"
    " genomicFeatures.zygosity genomicFeatures.type.id genomicFeatures.variant.assembly"
    " genomicFeatures.variant.referenceName genomicFeatures.variant.start"
    " genomicFeatures.variant.end genomicFeatures.variant.referenceBases"
    " genomicFeatures.variant.alternateBases".split()
)


def words(*right: str) -> st.SearchStrategy[str]:
    """What belongs in a field, or what somebody typed there."""
    return st.sampled_from([*right, CANARY, f"{right[0]} {CANARY}"])


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=2).map(tuple)


HPO = words("HP:0001250", "HP:0003577", "HP:0000007", "HP:0012828")
POSITION = st.none() | st.integers(1, 2**28)
ONSET = st.none() | st.builds(Onset, years=st.just(1.5), term_id=HPO)
VARIANT = st.builds(
    Variant,
    assembly=words("GRCh38", "GRCh37"),
    chromosome=words("17", "MT"),
    start=POSITION,
    end=POSITION,
    reference=words("A", "ACGT"),
    alternate=words("C", "<DEL>"),
    zygosity=st.none() | st.sampled_from(Zygosity),
    consequence=words("SO:0001587"),
    structural_type=st.none() | words("SO:0000159"),
    hgvs=st.just((CANARY,)),
    label=st.just(CANARY),
    origin=st.just(CANARY),
    classification=st.just(CANARY),
    shareable=st.booleans(),
)
CASES = st.builds(
    Case,
    case_id=st.just("NORTH-1"),
    label=st.just(CANARY),
    features=some(
        st.builds(
            PhenotypicFeature,
            term_id=HPO,
            label=st.just(CANARY),
            excluded=st.booleans(),
            onset=ONSET,
            severity=st.none() | HPO,
            modifiers=some(HPO),
        )
    ),
    genomic_features=some(
        st.builds(
            GenomicFeature,
            gene=st.none() | words("EFTUD2", "HGNC:6215"),
            gene_label=st.just(CANARY),
            variant=st.none() | VARIANT,
            excluded=st.booleans(),
        )
    ),
    diseases=some(
        st.builds(
            Disease,
            disease_id=words("OMIM:610536", "ORPHA:79113"),
            label=st.just(CANARY),
            status=st.sampled_from(DiseaseStatus),
            onset=ONSET,
        )
    ),
    sex=st.sampled_from(Sex),
    age_years=st.just(3.0),
    onset=ONSET,
    inheritance=some(HPO),
    species=words("NCBITaxon:9606"),
    family=st.just(CANARY),
    contact=st.just(Contact(name="Dr North", href="mailto:n@north.example")),
    site=st.just(CANARY),
    submitter=st.just(CANARY),
    sharing=st.sampled_from([Sharing.EXCHANGE_1, Sharing.EXCHANGE_2]),
    test=st.booleans(),
    publications=st.just((CANARY,)),
    measurements=st.just((Measurement(assay_id=CANARY),)),
    treatments=st.just((Treatment(agent_id=CANARY),)),
    exposures=st.just((Exposure(exposure_id=CANARY),)),
    note=st.just(CANARY),
)


def paths(value: object, above: str = "") -> Iterator[str]:
    """Where each value of a message stands, without the numbers of items."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, f"{above}.{name}" if above else name)
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, above)
    else:
        yield above


@given(case=CASES)
def test_a_message_has_the_fields_of_its_level_and_nothing_typed_by_hand(
    release: Release, case: Case
) -> None:
    found = told(case, release)

    assert found is not None
    allowed = LEVEL_2 if case.sharing is Sharing.EXCHANGE_2 else LEVEL_1
    assert set(paths(found.message)) <= allowed
    assert CANARY not in json.dumps(found.message)


@pytest.mark.parametrize("level", [Sharing.EXCHANGE_1, Sharing.EXCHANGE_2])
def test_every_field_that_is_allowed_is_told_of_a_full_case(
    release: Release, level: Sharing
) -> None:
    onset = Onset(term_id="HP:0003577")
    variant = Variant(
        assembly="GRCh38",
        chromosome="17",
        start=44_851_009,
        reference="C",
        alternate="T",
        zygosity=Zygosity.HETEROZYGOUS,
        consequence="SO:0001587",
    )
    contact = Contact(
        name="Dr North",
        href="mailto:n@north.example",
        institution="North",
        roles=("clinician",),
    )
    full = Case(
        case_id="NORTH-1",
        features=(
            PhenotypicFeature(term_id="HP:0001250", onset=onset, severity="HP:0012828"),
        ),
        genomic_features=(GenomicFeature(gene="EFTUD2", variant=variant),),
        diseases=(Disease(disease_id="OMIM:610536"),),
        sex=Sex.FEMALE,
        onset=onset,
        inheritance=("HP:0000007",),
        contact=contact,
        sharing=level,
        test=True,
    )

    found = told(full, release)

    allowed = LEVEL_2 if level is Sharing.EXCHANGE_2 else LEVEL_1
    assert found is not None and set(paths(found.message)) == allowed

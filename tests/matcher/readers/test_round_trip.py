"""What a case loses on its way through a format and back: only what the format cannot say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.case import (
    Case,
    Contact,
    Death,
    Disease,
    DiseaseStatus,
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
from matcher.errors import UnreadableInput
from matcher.readers import cases_in, mme, phenopackets
from matcher.readers.report import Kind, Report
from matcher.readers.strict_json import parse_json

WORDS = st.text("abcXYZ äß日-/'\"%+", max_size=12).map(str.strip)
NAMES = st.text("abcXYZ0189-_", min_size=1, max_size=12)
HPO_IDS = st.integers(1, 9_999_999).map(lambda number: f"HP:{number:07d}")
SO_IDS = st.integers(1, 9_999_999).map(lambda number: f"SO:{number:07d}")
AGES = st.floats(0, 120)
POSITIONS = st.integers(1, 2**28)
ALLELES = st.text("ACGT", min_size=1, max_size=5)
DISEASE_IDS = st.one_of(
    st.integers(100_000, 699_999).map(lambda number: f"OMIM:{number}"),
    st.integers(1, 699_999).map(lambda number: f"ORPHA:{number}"),
)
ONSETS = st.builds(Onset, years=st.none() | AGES, term_id=st.none() | HPO_IDS).filter(
    lambda onset: onset != Onset()
)
SECRETS = "canary"
DATA = Path(__file__).parents[2] / "data"


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=3).map(tuple)


FEATURES = st.builds(
    PhenotypicFeature,
    term_id=HPO_IDS,
    label=WORDS,
    excluded=st.booleans(),
    onset=optional(ONSETS),
    modifiers=some(HPO_IDS),
    severity=optional(HPO_IDS),
)
VARIANTS = st.builds(
    Variant,
    assembly=optional(st.sampled_from(["GRCh37", "GRCh38"])),
    chromosome=optional(st.sampled_from(["1", "22", "X", "Y", "MT"])),
    start=optional(POSITIONS),
    end=optional(POSITIONS),
    reference=optional(ALLELES),
    alternate=optional(ALLELES),
    zygosity=optional(st.sampled_from(Zygosity)),
    consequence=optional(SO_IDS),
    structural_type=optional(SO_IDS),
    hgvs=some(st.sampled_from(["NM_1.1:c.1A>T", "NP_1.1:p.(M1L)"])),
    label=WORDS,
    origin=optional(st.sampled_from(["de novo", "maternal"])),
    classification=optional(st.sampled_from(["pathogenic", "uncertain significance"])),
    shareable=st.booleans(),
)
GENOMIC_FEATURES = st.builds(
    GenomicFeature,
    gene=optional(NAMES),
    gene_label=WORDS,
    variant=optional(VARIANTS),
    excluded=st.booleans(),
)
STATED = st.builds(
    Disease,
    disease_id=DISEASE_IDS,
    label=WORDS,
    status=st.sampled_from([DiseaseStatus.CONFIRMED, DiseaseStatus.EXCLUDED]),
    onset=optional(ONSETS),
)
CONSIDERED = st.builds(
    Disease,
    disease_id=DISEASE_IDS,
    label=WORDS,
    status=st.just(DiseaseStatus.CANDIDATE),
)
MEASUREMENTS = st.builds(
    Measurement,
    assay_id=NAMES,
    label=WORDS,
    value=optional(st.floats(-1e6, 1e6)),
    unit=WORDS,
    low=optional(st.floats(-1e6, 1e6)),
    high=optional(st.floats(-1e6, 1e6)),
    value_id=optional(NAMES),
)
TREATMENTS = st.builds(
    Treatment,
    agent_id=NAMES,
    label=WORDS,
    action=st.sampled_from(
        ["treatment", "procedure", "radiation therapy", "therapeutic regimen"]
    ),
    response_id=optional(NAMES),
    response=WORDS,
    reason=WORDS,
)

ASIDE = st.builds(PhenotypicFeature, term_id=HPO_IDS, label=WORDS)
RELATIVES = st.builds(
    Relative,
    relation=st.sampled_from(Relation),
    affected=optional(st.booleans()),
    features=some(
        st.builds(
            PhenotypicFeature, term_id=HPO_IDS, label=WORDS, excluded=st.booleans()
        )
    ),
)
DEATHS = st.builds(Death, years=optional(AGES)) | st.builds(
    Death, years=optional(AGES), cause_id=NAMES, cause=WORDS
)


def with_diseases(case: Case, diseases: tuple[Disease, ...], onset: Any) -> Case:
    """Confirmed and excluded ones first, as a packet has them; each id once."""
    once = {disease.disease_id: disease for disease in diseases}.values()
    ordered = sorted(once, key=lambda d: d.status is DiseaseStatus.CANDIDATE)
    first = next(
        (d.onset for d in ordered if d.onset and d.status is DiseaseStatus.CONFIRMED),
        None,
    )
    return replace(case, diseases=tuple(ordered), onset=onset or first)


CASES = st.builds(
    with_diseases,
    st.builds(
        Case,
        case_id=NAMES,
        label=WORDS,
        features=some(FEATURES),
        genomic_features=some(GENOMIC_FEATURES).map(
            lambda found: tuple(g for g in found if g.gene or g.variant)
        ),
        sex=st.sampled_from(Sex),
        age_years=optional(AGES),
        species=st.sampled_from(["NCBITaxon:9606", "NCBITaxon:10090"]),
        submitter=optional(NAMES),
        solved=st.booleans(),
        publications=st.sets(st.integers(1, 10**8), max_size=3).map(
            lambda numbers: tuple(f"PMID:{number}" for number in sorted(numbers))
        ),
        measurements=some(MEASUREMENTS),
        treatments=some(TREATMENTS),
        uncertain=some(ASIDE),
        relatives=some(RELATIVES),
        death=optional(DEATHS),
    ),
    some(STATED | CONSIDERED),
    optional(ONSETS),
)


def sent(data: dict[str, object]) -> dict[str, object]:
    """What arrives after the bytes went through the JSON gate."""
    value = parse_json(json.dumps(data).encode())
    assert isinstance(value, dict)
    return value


def without_what_a_packet_cannot_say(case: Case) -> Case:
    """A subject has an id always, and a gene without an id is known by its symbol."""
    return replace(
        case,
        label="" if case.label == case.case_id else case.label,
        genomic_features=tuple(
            replace(g, gene=g.gene or g.gene_label or None)
            for g in case.genomic_features
        ),
    )


@given(CASES)
def test_phenopacket_loses_nothing_that_it_can_carry(case: Case) -> None:
    report = Report()
    again = phenopackets.from_json(sent(phenopackets.to_json(case)), report, "test")
    assert again == without_what_a_packet_cannot_say(case)
    assert not report.counts[Kind.DROPPED]


@given(CASES)
def test_phenopacket_of_a_phenopacket_is_the_same(case: Case) -> None:
    once = phenopackets.to_json(without_what_a_packet_cannot_say(case))
    again = phenopackets.from_json(sent(once), Report(), "test")
    assert phenopackets.to_json(again) == once


def test_inheritance_stands_among_the_features_of_a_packet() -> None:
    written = phenopackets.to_json(Case(case_id="A", inheritance=("HP:0000006",)))
    again = phenopackets.from_json(sent(written), Report(), "test")
    assert again.observed == ("HP:0000006",)


GUARDED = CASES.map(
    lambda case: replace(
        case,
        note=f"{SECRETS} note",
        site=f"{SECRETS} site",
        family=f"{SECRETS} family",
        contact=Contact(name="N", href=f"mailto:{SECRETS}@example.org"),
        sharing=Sharing.EXCHANGE_2,
    )
)


@given(GUARDED)
def test_phenopacket_never_carries_note_site_family_or_contact(case: Case) -> None:
    assert SECRETS not in json.dumps(phenopackets.to_json(case))


MME_FIELDS = {
    "id",
    "label",
    "contact",
    "species",
    "sex",
    "ageOfOnset",
    "inheritanceMode",
    "disorders",
    "features",
    "genomicFeatures",
    "test",
}


@given(GUARDED)
def test_patient_has_only_fields_of_the_protocol(case: Case) -> None:
    private = replace(
        case,
        contact=None,
        submitter=SECRETS,
        measurements=(Measurement(assay_id=SECRETS),),
        treatments=(Treatment(agent_id=SECRETS),),
    )
    written = mme.to_json(private)
    assert written.keys() <= MME_FIELDS
    assert SECRETS not in json.dumps(written)


@given(CASES)
def test_patient_never_carries_a_variant_that_is_not_shareable(case: Case) -> None:
    hidden = tuple(
        replace(g, variant=replace(g.variant, shareable=False) if g.variant else None)
        for g in case.genomic_features
    )
    written = mme.to_json(replace(case, genomic_features=hidden))
    found: Any = written.get("genomicFeatures", [])
    assert all(feature.keys() == {"gene"} for feature in found)


def what_mme_can_say(case: Case) -> Case:
    """The part of a case that stands in a patient, as it is read back."""

    def onset(stated: Onset | None) -> Onset | None:
        return Onset(term_id=stated.term_id) if stated and stated.term_id else None

    return Case(
        case_id=case.case_id,
        label=case.label,
        features=tuple(
            replace(f, onset=onset(f.onset), severity=None, modifiers=())
            for f in case.features
        ),
        genomic_features=tuple(
            GenomicFeature(gene=g.gene, gene_label=g.gene_label)
            for g in case.genomic_features
            if g.gene and not g.excluded
        ),
        diseases=tuple(
            replace(disease, onset=None)
            for disease in case.diseases
            if disease.status is DiseaseStatus.CONFIRMED
        ),
        sex=case.sex,
        onset=onset(case.onset),
        species=case.species,
    )


@given(CASES)
def test_patient_carries_what_the_protocol_has_room_for(case: Case) -> None:
    case = replace(case, case_id=f"case-{case.case_id}")
    again = mme.from_json(sent(mme.to_json(case)), Report(), "test")
    again = replace(
        again,
        features=tuple(replace(f, severity=None, modifiers=()) for f in again.features),
        genomic_features=tuple(
            GenomicFeature(
                gene=g.gene,
                gene_label=(
                    case_g.gene_label if g.gene == case_g.gene_label else g.gene_label
                ),
            )
            for g, case_g in zip(
                again.genomic_features,
                (g for g in case.genomic_features if g.gene and not g.excluded),
                strict=True,
            )
        ),
    )
    assert again == what_mme_can_say(case)


PLACED_VARIANTS = st.builds(
    Variant,
    assembly=st.sampled_from(["NCBI36", "GRCh37", "GRCh38"]),
    chromosome=st.sampled_from(["1", "22", "X", "Y", "MT"]),
    start=POSITIONS,
    reference=ALLELES,
    alternate=ALLELES,
    zygosity=optional(st.sampled_from([Zygosity.HETEROZYGOUS, Zygosity.HOMOZYGOUS])),
)


@given(PLACED_VARIANTS, st.sampled_from(mme.CoordinateBase))
def test_variant_comes_back_at_its_place(
    variant: Variant, base: mme.CoordinateBase
) -> None:
    case = Case(
        case_id="A", genomic_features=(GenomicFeature(gene="X", variant=variant),)
    )
    written = sent(mme.to_json(case, coordinate_base=base))
    again = mme.from_json(written, Report(), "test", coordinate_base=base)
    assert variant.start and variant.reference
    end = variant.start + len(variant.reference) - 1
    assert again.genomic_features[0].variant == replace(variant, end=end)


KEYS = st.sampled_from(
    """id label subject sex timeAtLastEncounter age ageRange iso8601duration start end
    phenotypicFeatures type excluded onset ontologyClass gestationalAge weeks severity modifiers
    interpretations diagnosis disease genomicInterpretations variantInterpretation
    variationDescriptor vcfRecord pos info expressions allelicState geneContext value diseases
    term measurements assay complexValue typedQuantities medicalActions treatment agent metaData
    externalReferences proband relatives members pedigree persons patient features observed
    genomicFeatures gene variant zygosity disorders contact href ageOfOnset inheritanceMode test
    species _share""".split()
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.sampled_from([10**310, -(10**310), "9" * 5000])
    | st.floats()
    | st.sampled_from(["HP:0001250", "P3Y", "yes", "no", "<DEL>", "END=7", "mailto:"])
    | st.text(max_size=8)
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(KEYS, inner, max_size=8),
    max_leaves=30,
)


@given(st.dictionaries(KEYS, JSON, max_size=12))
def test_any_object_is_read_or_refused_by_name(data: dict[str, object]) -> None:
    report = Report()
    try:
        found = list(cases_in(data, report, "test"))
    except UnreadableInput as error:
        assert str(error).endswith(".")
    else:
        assert report.cases == len(found)
        json.dumps([phenopackets.to_json(case) for case in found], allow_nan=False)
        json.dumps([mme.to_json(case) for case in found], allow_nan=False)
    json.dumps(report.to_json(), allow_nan=False)


def replaced(value: Any, by: object) -> Any:
    """The value with every number, text and truth in it replaced."""
    if isinstance(value, dict):
        return {name: replaced(inner, by) for name, inner in value.items()}
    return [replaced(inner, by) for inner in value] if isinstance(value, list) else by


@pytest.mark.parametrize("by", [10**310, -(10**310), "9" * 5000, 1e308])
@pytest.mark.parametrize("name", ["phenopacket.json", "mme_patients.json"])
def test_endless_number_in_any_field_is_no_crash(name: str, by: object) -> None:
    data = json.loads((DATA / name).read_text("utf-8"))
    for item in data if isinstance(data, list) else [data]:
        report = Report()
        kept = {"id": "A"} | {k: v for k, v in item.items() if k == "metaData"}
        found = list(cases_in({**replaced(item, by), **kept}, report, "test"))
        assert [case.case_id for case in found] == ["A"]
        assert report.counts[Kind.DROPPED] or isinstance(by, str)

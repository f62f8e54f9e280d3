"""What is read from a phenopacket, a family and a cohort, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matcher.case import (
    Case,
    Death,
    Disease,
    DiseaseStatus,
    GenomicFeature,
    Measurement,
    Onset,
    PhenotypicFeature,
    Sex,
    Treatment,
    Variant,
    Zygosity,
)
from matcher.errors import MalformedCase, UnsupportedVersion
from matcher.readers import cases_in
from matcher.readers.fields import snake_case
from matcher.readers.phenopackets import from_json
from matcher.readers.report import Kind, Report

DATA = Path(__file__).parents[2] / "data"

Json = dict[str, Any]


def stored() -> Json:
    data: Json = json.loads((DATA / "phenopacket.json").read_text("utf-8"))
    return data


def packet(**parts: object) -> Json:
    return {"id": "A", "metaData": {"phenopacketSchemaVersion": "2.0"}, **parts}


def read(data: Json) -> tuple[Case, Report]:
    report = Report()
    return from_json(data, report, "test"), report


def with_variant(**descriptor: object) -> Variant:
    variation = {"variationDescriptor": {"id": "v", **descriptor}}
    genomic = {"variantInterpretation": variation}
    case, _ = read(
        packet(interpretations=[{"diagnosis": {"genomicInterpretations": [genomic]}}])
    )
    variant = case.genomic_features[0].variant
    assert variant is not None
    return variant


def test_every_part_of_a_full_packet_is_read() -> None:
    case, report = read(stored())
    assert case == Case(
        case_id="made-up-1",
        label="proband A",
        features=(
            PhenotypicFeature(
                term_id="HP:0001250",
                label="Seizure",
                onset=Onset(years=0.5),
                modifiers=("HP:0031796",),
                severity="HP:0012828",
            ),
            PhenotypicFeature(term_id="HP:0001252", label="Hypotonia"),
            PhenotypicFeature(
                term_id="HP:0000252", label="Microcephaly", excluded=True
            ),
        ),
        genomic_features=(
            GenomicFeature(
                gene="HGNC:11444",
                gene_label="STXBP1",
                variant=Variant(
                    assembly="GRCh38",
                    chromosome="9",
                    start=127660000,
                    reference="C",
                    alternate="T",
                    zygosity=Zygosity.HETEROZYGOUS,
                    hgvs=("NM_003165.6:c.100C>T",),
                    classification="likely pathogenic",
                ),
            ),
            GenomicFeature(gene="HGNC:7765", gene_label="NF1", excluded=True),
        ),
        diseases=(
            Disease(
                disease_id="OMIM:612164",
                label="Made-up label",
                onset=Onset(term_id="HP:0003593"),
            ),
            Disease(
                disease_id="OMIM:162200",
                label="Another label",
                status=DiseaseStatus.EXCLUDED,
            ),
        ),
        sex=Sex.FEMALE,
        age_years=4.5,
        onset=Onset(term_id="HP:0003593"),
        submitter="site-7",
        solved=True,
        publications=("PMID:11111111",),
        measurements=(
            Measurement(
                assay_id="LOINC:2986-8",
                label="Testosterone [Mass/volume]",
                value=12.5,
                unit="UCUM:ng/dL",
                low=300,
                high=1000,
            ),
        ),
        treatments=(
            Treatment(
                agent_id="CHEBI:6437",
                label="levetiracetam",
                response_id="NCIT:C102560",
                response="Favorable",
                reason="Seizure",
            ),
        ),
    )
    assert report.cases == 1
    assert report.counts[Kind.MAPPED]["phenotypicFeatures"] == 3
    assert not report.counts[Kind.DROPPED]


def snaked(value: Any) -> Any:
    if isinstance(value, dict):
        return {snake_case(key): snaked(inner) for key, inner in value.items()}
    return [snaked(item) for item in value] if isinstance(value, list) else value


def test_snake_case_says_the_same_as_camel_case() -> None:
    assert "phenotypic_features" in snaked(stored())
    assert read(snaked(stored()))[0] == read(stored())[0]


def nulled(value: Any) -> Any:
    """The same with a null beside every value, as some programs write every field."""
    if isinstance(value, dict):
        return {k: nulled(v) for k, v in value.items()} | {"unheard": None}
    return [nulled(v) for v in value] + [None] if isinstance(value, list) else value


def test_null_may_stand_anywhere() -> None:
    assert read(nulled(stored()))[0] == read(stored())[0]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        inner: list[Any] = list(value.items())
    else:
        inner = list(enumerate(value)) if isinstance(value, list) else []
    found = [path] if path else []
    for key, below in inner:
        found += paths(below, (*path, key))
    return found


PATHS = [path for path in paths(stored()) if path != ("id",)]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("wrong", [None, "", [], {}, 7, True, "x", [None], [["x"]]])
def test_no_wrong_value_fails_a_packet(path: tuple[Any, ...], wrong: object) -> None:
    data = stored()
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = wrong
    try:
        assert read(data)[0].case_id == "made-up-1"
    except UnsupportedVersion:
        assert path[-1] == "phenopacketSchemaVersion"


@pytest.mark.parametrize(
    "number, sex",
    [(0, Sex.UNKNOWN), (1, Sex.FEMALE), (2, Sex.MALE), (3, Sex.OTHER)],
)
def test_enumerations_may_be_numbers(number: int, sex: Sex) -> None:
    assert read(packet(subject={"sex": number}))[0].sex is sex


def test_status_and_classification_may_be_numbers() -> None:
    genomic = [
        {
            "interpretationStatus": 1,
            "variantInterpretation": {
                "acmgPathogenicityClassification": 5,
                "variationDescriptor": {"geneContext": {"symbol": "NF1"}},
            },
        }
    ]
    interpretation = {
        "progressStatus": 3,
        "diagnosis": {"genomicInterpretations": genomic},
    }
    case, _ = read(packet(interpretations=[interpretation]))
    feature = case.genomic_features[0]
    assert case.solved
    assert feature.excluded and feature.gene == "NF1"
    assert feature.variant and feature.variant.classification == "pathogenic"


def test_unknown_sex_is_dropped_and_told() -> None:
    case, report = read(packet(subject={"sex": "FEMININE"}))
    assert case.sex is Sex.UNKNOWN
    assert report.counts[Kind.DROPPED]["subject.sex"] == 1


@pytest.mark.parametrize(
    "excluded, right",
    [("missing", False), (None, False), (False, False), (True, True), ("true", True)],
)
def test_feature_is_observed_unless_excluded(excluded: object, right: bool) -> None:
    feature: Json = {"type": {"id": "HP:0001250"}}
    if excluded != "missing":
        feature["excluded"] = excluded
    case, _ = read(packet(phenotypicFeatures=[feature]))
    assert case.features[0].excluded is right


def test_feature_that_is_perhaps_excluded_is_left_out() -> None:
    feature = {"type": {"id": "HP:0001250"}, "excluded": "perhaps"}
    case, report = read(packet(phenotypicFeatures=[feature]))
    assert case.features == ()
    assert "'perhaps'" in report.warnings[0]


def test_feature_without_an_id_is_left_out_and_named() -> None:
    case, report = read(packet(phenotypicFeatures=[{"type": {"label": "Fits"}}]))
    assert case.features == ()
    assert "Fits" in report.warnings[0]


def test_mended_feature_id_is_told() -> None:
    case, report = read(packet(phenotypicFeatures=[{"type": {"id": "hp_0001250"}}]))
    assert case.observed == ("HP:0001250",)
    assert (report.entries[0].kind, report.entries[0].value) == (
        Kind.MAPPED,
        "hp_0001250",
    )


@pytest.mark.parametrize(
    "data",
    [
        {"id": "A", "metaData": {"phenopacketSchemaVersion": "1.0.0-RC3"}},
        {"id": "A", "metaData": {"phenopacketSchemaVersion": "v1.0"}},
        {"id": "A", "meta_data": {"phenopacket_schema_version": "1.0"}},
        {"id": "A", "metaData": {"phenopacketSchemaVersion": "3.0"}},
        packet(phenotypicFeatures=[{"type": {"id": "HP:0001250"}, "negated": True}]),
        packet(phenotypicFeatures=[{"type": {"id": "HP:0001250"}, "negated": False}]),
        packet(genes=[{"id": "HGNC:1"}]),
        packet(variants=[{"hgvsAllele": {}}]),
    ],
)
def test_other_versions_are_refused_with_what_to_do(data: Json) -> None:
    with pytest.raises(UnsupportedVersion, match="convert it to Phenopackets v2"):
        read(data)


def test_negated_feature_never_becomes_observed() -> None:
    feature = {"type": {"id": "HP:0001250"}, "negated": True}
    with pytest.raises(UnsupportedVersion, match="negated"):
        list(cases_in({"id": "A", "phenotypicFeatures": [feature]}, Report(), "test"))


def test_missing_version_is_read_as_2_and_told() -> None:
    _, report = read({"id": "A", "phenotypicFeatures": []})
    assert report.counts[Kind.GUESSED]["metaData.phenopacketSchemaVersion"] == 1


def test_missing_id_is_taken_from_the_subject_and_told() -> None:
    data = packet(subject={"id": "S"})
    del data["id"]
    case, report = read(data)
    assert (case.case_id, case.label) == ("S", "")
    assert report.counts[Kind.GUESSED]["id"] == 1


def test_packet_without_any_id_is_refused() -> None:
    with pytest.raises(MalformedCase, match="no id"):
        read({"metaData": {"phenopacketSchemaVersion": "2"}})


def relative(case_id: str) -> Json:
    return {"id": case_id, "subject": {"id": f"person {case_id}"}}


def test_family_gives_proband_and_affected_relatives() -> None:
    family = {
        "id": "FAM",
        "proband": relative("P"),
        "relatives": [relative("R"), relative("U")],
        "pedigree": {
            "persons": [
                {"individualId": "person P", "affectedStatus": "AFFECTED"},
                {"individualId": "person U", "affectedStatus": "UNAFFECTED"},
            ]
        },
        "metaData": {
            "phenopacketSchemaVersion": "2.0",
            "externalReferences": [{"id": "PMID:22222222"}],
        },
    }
    report = Report()
    cases = list(cases_in(family, report, "test"))
    assert [case.case_id for case in cases] == ["P", "R"]
    assert {case.family for case in cases} == {"FAM"}
    assert {case.publications for case in cases} == {("PMID:22222222",)}
    assert "'person U' is not affected" in report.warnings[0]


def test_snake_case_family_with_status_numbers_is_read() -> None:
    family = {
        "id": "FAM",
        "proband": relative("P"),
        "relatives": [relative("U")],
        "pedigree": {"persons": [{"individual_id": "person U", "affected_status": 1}]},
        "meta_data": {"phenopacket_schema_version": "2.0"},
    }
    assert [case.case_id for case in cases_in(family, Report(), "test")] == ["P"]


def test_cohort_gives_its_members_without_a_family() -> None:
    cohort = {"id": "C", "members": [relative("1"), relative("2")], "metaData": {}}
    cases = list(cases_in(cohort, Report(), "test"))
    assert [(case.case_id, case.family) for case in cases] == [("1", None), ("2", None)]


def test_family_of_version_1_is_refused() -> None:
    family = {
        "id": "FAM",
        "proband": relative("P"),
        "metaData": {"phenopacketSchemaVersion": "1.0"},
    }
    with pytest.raises(UnsupportedVersion):
        list(cases_in(family, Report(), "test"))


@pytest.mark.parametrize(
    "element, right",
    [
        ({"age": {"iso8601duration": "P2Y"}}, Onset(years=2)),
        ({"ontologyClass": {"id": "HP:0003577"}}, Onset(term_id="HP:0003577")),
        ({"gestationalAge": {"weeks": 20, "days": 3}}, Onset(term_id="HP:0034198")),
        ({"gestationalAge": {"weeks": "33"}}, Onset(term_id="HP:0034197")),
        (
            {
                "ageRange": {
                    "start": {"iso8601duration": "P2Y"},
                    "end": {"iso8601duration": "P4Y"},
                }
            },
            Onset(years=3),
        ),
        ({"ageRange": {"start": {"iso8601duration": "P2Y"}}}, Onset(years=2)),
        ({"age": {"iso8601duration": "P-2Y"}}, None),
        ({"age": {"iso8601duration": "2 years"}}, None),
        ({"timestamp": "2020-01-01T00:00:00Z"}, None),
        ({}, None),
    ],
)
def test_onset_is_read_in_each_of_its_forms(element: Json, right: Onset | None) -> None:
    feature = {"type": {"id": "HP:0001250"}, "onset": element}
    case, _ = read(packet(phenotypicFeatures=[feature]))
    assert case.features[0].onset == right


def test_age_range_is_told_as_a_guess() -> None:
    ends = {"start": {"iso8601duration": "P2Y"}, "end": {"iso8601duration": "P4Y"}}
    subject = {"timeAtLastEncounter": {"ageRange": ends}}
    case, report = read(packet(subject=subject))
    assert case.age_years == 3
    assert "2 to 4 years" in report.warnings[0]


def test_age_is_counted_from_birth_to_the_last_encounter() -> None:
    subject = {
        "dateOfBirth": "2015-01-01T00:00:00Z",
        "timeAtLastEncounter": {"timestamp": "2020-01-01T00:00:00Z"},
    }
    case, report = read(packet(subject=subject))
    assert case.age_years == pytest.approx(5, abs=0.01)
    assert "2015" not in json.dumps(report.to_json())


@pytest.mark.parametrize("birth", ["2030-01-01", "unknown", ""])
def test_impossible_birth_gives_no_age(birth: str) -> None:
    subject = {
        "dateOfBirth": birth,
        "timeAtLastEncounter": {"timestamp": "2020-01-01T00:00:00Z"},
    }
    assert read(packet(subject=subject))[0].age_years is None


@pytest.mark.parametrize(
    "element",
    [{"gestationalAge": {"weeks": 22}}, {"ontologyClass": {"id": "HP:0003577"}}],
)
def test_encounter_without_an_age_is_dropped_and_told(element: Json) -> None:
    case, report = read(packet(subject={"timeAtLastEncounter": element}))
    assert case.age_years is None
    assert report.counts[Kind.DROPPED]["subject.timeAtLastEncounter"] == 1


def test_onset_of_an_excluded_disease_is_not_the_onset_of_the_case() -> None:
    onset = {"age": {"iso8601duration": "P9Y"}}
    diseases = [{"term": {"id": "OMIM:162200"}, "excluded": True, "onset": onset}]
    assert read(packet(diseases=diseases))[0].onset is None


@pytest.mark.parametrize(
    "status, right",
    [
        ("SOLVED", DiseaseStatus.CONFIRMED),
        ("IN_PROGRESS", DiseaseStatus.CANDIDATE),
        ("UNSOLVED", DiseaseStatus.CANDIDATE),
        (None, DiseaseStatus.CANDIDATE),
    ],
)
def test_disease_of_an_interpretation_is_as_sure_as_its_progress(
    status: str | None, right: DiseaseStatus
) -> None:
    diagnosis = {"disease": {"id": "OMIM:162200"}}
    interpretations = [{"progressStatus": status, "diagnosis": diagnosis}]
    case, _ = read(packet(interpretations=interpretations))
    assert case.diseases == (Disease(disease_id="OMIM:162200", status=right),)
    assert case.solved is (status == "SOLVED")


def test_structural_variant_is_read_from_its_symbolic_allele() -> None:
    record = {
        "genomeAssembly": "GRCh37.p13",
        "chrom": "chrX",
        "pos": 1000,
        "ref": "N",
        "alt": "<DEL>",
        "info": "SVTYPE=DEL;END=5000",
    }
    assert with_variant(vcfRecord=record) == Variant(
        assembly="GRCh37",
        chromosome="X",
        start=1000,
        end=5000,
        reference="N",
        structural_type="SO:0000159",
    )


def test_structural_variant_known_by_name_only_keeps_its_name() -> None:
    variant = with_variant(
        label="telomeric 11q deletion", structuralType={"id": "SO:1000029"}
    )
    assert variant == Variant(
        label="telomeric 11q deletion", structural_type="SO:1000029"
    )


@pytest.mark.parametrize("position", [0, -5, 1.5, "x", 2**40])
def test_impossible_position_is_dropped(position: object) -> None:
    assert with_variant(vcfRecord={"chrom": "1", "pos": position}).start is None


def test_only_hgvs_expressions_are_kept() -> None:
    variant = with_variant(
        expressions=[
            {"syntax": "hgvs.c", "value": "NM_1.1:c.1A>T"},
            {"syntax": "spdi", "value": "NC_1.1:0:A:T"},
        ]
    )
    assert variant.hgvs == ("NM_1.1:c.1A>T",)


def test_gene_alone_is_a_genomic_feature() -> None:
    genomic = [{"gene": {"valueId": "HGNC:7765", "symbol": "NF1"}}, {}]
    diagnosis = {"genomicInterpretations": genomic}
    case, report = read(packet(interpretations=[{"diagnosis": diagnosis}]))
    assert case.genomic_features == (
        GenomicFeature(gene="HGNC:7765", gene_label="NF1"),
    )
    assert "neither a gene nor a variant" in report.warnings[0]


def test_publication_is_guessed_from_the_id_only_where_none_is_named() -> None:
    data = packet()
    data["id"] = "PMID_15266616_100"
    case, report = read(data)
    assert case.publications == ("PMID:15266616",)
    assert report.counts[Kind.GUESSED]["metaData.externalReferences"] == 1
    data["metaData"]["externalReferences"] = [
        {"id": "PMID:1"},
        {"id": "PMID:1"},
        {"id": "x", "reference": "https://pubmed.ncbi.nlm.nih.gov/2"},
        {"id": "DOI:10.1/x"},
    ]
    case, report = read(data)
    assert case.publications == ("PMID:1", "PMID:2")
    assert not report.counts[Kind.GUESSED]
    assert report.counts[Kind.DROPPED]["metaData.externalReferences"] == 1


def test_created_by_is_no_submitter() -> None:
    meta_data = {"phenopacketSchemaVersion": "2.0", "createdBy": "ORCID:0"}
    assert read(packet(metaData=meta_data))[0].submitter is None


def test_measurement_of_several_quantities_gives_each() -> None:
    quantities = [
        {
            "type": {"id": "NCIT:C25298", "label": "Systolic"},
            "quantity": {"unit": {"id": "UCUM:mm[Hg]"}, "value": 120},
        },
        {"type": {"id": "NCIT:C25299"}, "quantity": {"value": "70"}},
    ]
    assay = {"id": "LOINC:85354-9", "label": "Blood pressure"}
    measurements: list[Json] = [
        {"assay": assay, "complexValue": {"typedQuantities": quantities}},
        {"assay": {"id": "LOINC:1"}, "value": {"ontologyClass": {"id": "NCIT:C1"}}},
        {"assay": {"id": "LOINC:2"}},
        {"assay": {"label": "no id"}},
    ]
    case, report = read(packet(measurements=measurements))
    assert case.measurements == (
        Measurement(
            assay_id="NCIT:C25298",
            label="Blood pressure: Systolic",
            value=120,
            unit="UCUM:mm[Hg]",
        ),
        Measurement(assay_id="NCIT:C25299", label="Blood pressure", value=70),
        Measurement(assay_id="LOINC:1", value_id="NCIT:C1"),
        Measurement(assay_id="LOINC:2"),
    )
    assert report.counts[Kind.DROPPED]["measurements.assay"] == 1


def test_each_kind_of_medical_action_is_a_treatment() -> None:
    actions = [
        {"procedure": {"code": {"id": "NCIT:C1", "label": "Surgery"}}},
        {"radiationTherapy": {"modality": {"id": "NCIT:C2"}}},
        {"therapeuticRegimen": {"ontologyClass": {"id": "NCIT:C3"}}},
        {"treatment": {"drugType": "PRESCRIPTION"}},
    ]
    case, report = read(packet(medicalActions=actions))
    assert [(t.agent_id, t.action) for t in case.treatments] == [
        ("NCIT:C1", "procedure"),
        ("NCIT:C2", "radiation therapy"),
        ("NCIT:C3", "therapeutic regimen"),
    ]
    assert report.counts[Kind.DROPPED]["medicalActions"] == 1


@pytest.mark.parametrize(
    ("status", "death"),
    [
        ({"status": "ALIVE"}, None),
        ({"status": 2}, Death()),
        (
            {
                "status": "DECEASED",
                "timeOfDeath": {"age": {"iso8601duration": "P4Y"}},
                "causeOfDeath": {"id": "NCIT:C50577", "label": "Heart failure"},
            },
            Death(years=4.0, cause_id="NCIT:C50577", cause="Heart failure"),
        ),
        ({"status": "GONE"}, None),
    ],
)
def test_death_is_read_from_the_vital_status(
    status: dict[str, object], death: Death | None
) -> None:
    case, report = read(packet(subject={"vitalStatus": status}))

    assert case.death == death
    assert bool(report.counts[Kind.DROPPED]) == (status["status"] == "GONE")


def test_what_a_case_has_no_room_for_is_counted() -> None:
    data = packet(
        biosamples=[{}],
        files=[],
        subject={"karyotypicSex": "XX"},
        phenotypicFeatures=[
            {"type": {"id": "HP:0001250"}, "evidence": [{}], "description": "x"}
        ],
    )
    _, report = read(data)
    assert dict(report.counts[Kind.DROPPED]) == {
        "biosamples": 1,
        "subject.karyotypicSex": 1,
        "phenotypicFeatures.evidence": 1,
        "phenotypicFeatures.description": 1,
    }
    assert report.entries == []

"""Every habit of a Matchmaker Exchange peer that is taken in, and what is sent out."""

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
    Disease,
    DiseaseStatus,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Sex,
    Sharing,
    Variant,
    Zygosity,
)
from matcher.errors import MalformedCase
from matcher.readers import read_cases
from matcher.readers.mme import CoordinateBase, ItemLimits, from_json, to_json
from matcher.readers.report import Kind, Report

DATA = Path(__file__).parents[2] / "data"

Json = dict[str, Any]


def stored() -> Json:
    data: list[Json] = json.loads((DATA / "mme_patients.json").read_text("utf-8"))
    return data[0]


def read(**fields: object) -> tuple[Case, Report]:
    report = Report()
    return from_json({"id": "A", **fields}, report, "test"), report


def variant(
    base: CoordinateBase = CoordinateBase.STATED, **fields: object
) -> Variant | None:
    genomic = {"gene": {"id": "EFTUD2"}, "variant": fields}
    patient = {"id": "A", "genomicFeatures": [genomic]}
    case = from_json(patient, Report(), "test", coordinate_base=base)
    return case.genomic_features[0].variant


SNV: Json = {"referenceName": "17", "referenceBases": "G", "alternateBases": "A"}


TERM_IDS = st.one_of(st.just("HP:0001250"), st.from_regex("HP:[0-9٠]{7}"), st.text())


@given(TERM_IDS, st.text(), st.sampled_from([("yes", True), ("no", False)]))
def test_feature_in_its_plainest_form_is_read_as_in_any_other(
    term_id: str, label: str, observed: tuple[str, bool]
) -> None:
    plain, other = (
        read(features=[{"id": term_id, "label": label, "observed": each}])
        for each in observed
    )
    assert plain[0] == other[0]
    assert plain[1].to_json() == other[1].to_json()


def test_every_part_of_a_full_patient_is_read() -> None:
    report = Report()
    assert from_json(stored(), report, "test") == Case(
        case_id="made-up-A",
        label="first",
        contact=Contact(
            name="Example Clinic",
            institution="Example Hospital",
            href="mailto:genetics@example.org",
        ),
        sex=Sex.FEMALE,
        onset=Onset(term_id="HP:0003577"),
        inheritance=("HP:0000006",),
        diseases=(Disease(disease_id="OMIM:610536", label="Made-up label"),),
        features=(
            PhenotypicFeature(term_id="HP:0000252", label="Microcephaly"),
            PhenotypicFeature(
                term_id="HP:0000347",
                label="Micrognathia",
                onset=Onset(term_id="HP:0003577"),
            ),
            PhenotypicFeature(
                term_id="HP:0001622", label="Premature birth", excluded=True
            ),
        ),
        genomic_features=(
            GenomicFeature(
                gene="EFTUD2",
                variant=Variant(
                    assembly="GRCh37",
                    chromosome="17",
                    start=42929131,
                    end=42929131,
                    reference="G",
                    alternate="A",
                    zygosity=Zygosity.HETEROZYGOUS,
                    consequence="SO:0001587",
                    label="STOPGAIN",
                ),
            ),
        ),
        test=True,
    )
    assert report.entries == []


def test_envelope_is_opened() -> None:
    case = from_json({"patient": {"id": "A"}, "_x": 1}, Report(), "test")
    assert case.case_id == "A"


@pytest.mark.parametrize(
    "name", ["features", "genomicFeatures", "disorders", "contact", "inheritanceMode"]
)
@pytest.mark.parametrize("value", [None, "", [], "missing"])
def test_null_empty_and_missing_lists_are_read(name: str, value: object) -> None:
    case, report = read(**({} if value == "missing" else {name: value}))
    assert case == Case(case_id="A")
    if name != "contact":
        assert report.entries == []


def test_numeric_id_is_read() -> None:
    assert from_json({"id": 12}, Report(), "test").case_id == "12"


@pytest.mark.parametrize("entered", [None, "", " ", [], {}, True, "missing"])
def test_patient_without_an_id_is_refused(entered: object) -> None:
    data = {} if entered == "missing" else {"id": entered}
    with pytest.raises(MalformedCase, match="no id"):
        from_json({"features": [], **data}, Report(), "test")


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
@pytest.mark.parametrize(
    "wrong", [None, "", [], {}, -7, 1e308, False, "x", [None], [["x"]], {"id": {}}]
)
def test_no_wrong_value_fails_a_patient(path: tuple[Any, ...], wrong: object) -> None:
    data = stored()
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = wrong
    case = from_json(data, Report(), "test")
    assert case.case_id == "made-up-A"
    assert "HP:0001622" not in case.observed or path[-1] == "observed"
    json.dumps(to_json(case))


def test_one_bad_feature_is_dropped_and_the_others_stay() -> None:
    features = [{"label": "Fits"}, 1.5, ["x"], {"id": "HP:0001250"}]
    case, report = read(features=features)
    assert case.observed == ("1.5", "HP:0001250")
    assert report.counts[Kind.DROPPED] == {"features.id": 1, "features": 1}
    assert "Fits" in report.warnings[0]


@pytest.mark.parametrize(
    "entered, right",
    [
        ("hp:0001250", "HP:0001250"),
        ("HP_0001250", "HP:0001250"),
        ("http://purl.obolibrary.org/obo/HP_0001250", "HP:0001250"),
        (1250, "HP:0001250"),
        ("0001250", "HP:0001250"),
        ("HP:9999999", "HP:9999999"),
        ("MP:0001250", "MP:0001250"),
    ],
)
def test_feature_ids_are_mended_and_unknown_ones_kept(
    entered: object, right: str
) -> None:
    assert read(features=[{"id": entered}])[0].observed == (right,)


def test_features_may_be_bare_ids() -> None:
    assert read(features=["HP:0001250"])[0].observed == ("HP:0001250",)


@pytest.mark.parametrize(
    "observed", ["missing", None, "", "yes", "YES", "true", True, 1, "1"]
)
def test_feature_counts_as_observed(observed: object) -> None:
    feature: Json = {"id": "HP:0001250"}
    if observed != "missing":
        feature["observed"] = observed
    assert read(features=[feature])[0].observed == ("HP:0001250",)


@pytest.mark.parametrize("observed", ["no", "NO", " No ", "false", False, 0, "0"])
def test_no_never_counts_as_observed(observed: object) -> None:
    case, _ = read(features=[{"id": "HP:0001250", "observed": observed}])
    assert case.observed == ()
    assert case.excluded == ("HP:0001250",)


@pytest.mark.parametrize("observed", ["unknown", "perhaps", 2, [], {"a": 1}])
def test_feature_that_is_perhaps_observed_is_left_out(observed: object) -> None:
    case, report = read(features=[{"id": "HP:0001250", "observed": observed}])
    assert case.features == ()
    assert "HP:0001250" in report.warnings[0]


@pytest.mark.parametrize("mark", ["negated", "excluded"])
def test_marks_of_other_formats_are_not_read_as_observed(mark: str) -> None:
    case, report = read(features=[{"id": "HP:0001250", mark: True}])
    assert case.excluded == ("HP:0001250",)
    assert report.counts[Kind.GUESSED] == {f"features.{mark}": 1}


def test_severity_is_told_from_other_modifiers() -> None:
    modifiers = [{"id": "HP:0012828"}, {"id": "HP:0031796"}, "HP:0025303"]
    case, _ = read(features=[{"id": "HP:0001250", "modifiers": modifiers}])
    assert case.features[0].severity == "HP:0012828"
    assert case.features[0].modifiers == ("HP:0031796", "HP:0025303")


@pytest.mark.parametrize(
    "entered, right",
    [
        ("MIM:610536", "OMIM:610536"),
        ("OMIM:610536", "OMIM:610536"),
        ("#610536", "OMIM:610536"),
        ("610536", "OMIM:610536"),
        (610536, "OMIM:610536"),
        ("Orphanet:79113", "ORPHA:79113"),
        ("ORPHA:79113", "ORPHA:79113"),
        ("ORDO:79113", "ORPHA:79113"),
        ("MONDO:0012516", "MONDO:0012516"),
        ("DECIPHER:18", "DECIPHER:18"),
    ],
)
def test_disorder_ids_have_one_shape(entered: object, right: str) -> None:
    assert read(disorders=[{"id": entered}])[0].diseases == (Disease(disease_id=right),)


def test_bare_number_of_a_disorder_is_told_as_a_guess() -> None:
    _, report = read(disorders=[{"id": 610536}])
    assert report.counts[Kind.GUESSED] == {"disorders.id": 1}


def test_disorder_may_be_a_bare_id_and_one_without_is_dropped() -> None:
    case, report = read(disorders=["MIM:610536", {"label": "a name only"}])
    assert case.diseases == (Disease(disease_id="OMIM:610536"),)
    assert "a name only" in report.warnings[0]


def test_disease_that_stands_for_a_patient_is_shown_as_the_disease() -> None:
    case, report = read(id="ORDO:2573", label="Made-up disease")
    assert case.case_id == "ORDO:2573"
    assert case.diseases == (Disease(disease_id="ORPHA:2573", label="Made-up disease"),)
    assert report.counts[Kind.GUESSED] == {"id": 1}


@pytest.mark.parametrize(
    "gene, name, label",
    [
        ({"id": "KARS"}, "KARS", ""),
        ({"id": "ENSG00000065427.15"}, "ENSG00000065427.15", ""),
        ({"id": "HGNC:6215"}, "HGNC:6215", ""),
        ({"id": "NCBIGene:3735"}, "NCBIGene:3735", ""),
        ({"id": 3735}, "3735", ""),
        ({"id": "3735", "_geneName": "KARS1"}, "3735", "KARS1"),
        ({"_geneName": "KARS1"}, "KARS1", ""),
        ({"_ensemblGeneID": "ENSG00000065427"}, "ENSG00000065427", ""),
        ({"id": None, "_entrezGeneID": 3735}, "3735", ""),
        ({"label": "KARS1"}, "KARS1", ""),
        ("KARS1", "KARS1", ""),
        (3735, "3735", ""),
    ],
)
def test_genes_are_kept_as_entered_under_any_name(
    gene: object, name: str, label: str
) -> None:
    case, _ = read(genomicFeatures=[{"gene": gene}])
    assert case.genomic_features == (GenomicFeature(gene=name, gene_label=label),)


@pytest.mark.parametrize("feature", [{}, {"gene": {}}, {"gene": None, "variant": None}])
def test_genomic_feature_of_nothing_is_dropped_and_told(feature: Json) -> None:
    case, report = read(genomicFeatures=[feature])
    assert case.genomic_features == ()
    assert "neither a gene nor a variant" in report.warnings[0]


def test_variant_needs_no_gene() -> None:
    case, _ = read(genomicFeatures=[{"variant": {**SNV, "start": 9, "end": 10}}])
    assert case.genomic_features[0].gene is None
    assert case.genomic_features[0].variant


@pytest.mark.parametrize(
    "start, end, first",
    [
        (9, 10, 10),  # from 0, end exclusive
        ("9", "10", 10),
        (10, 10, 10),  # from 1, end inclusive or equal to the start
        (9, None, 10),  # as the protocol says
        (0, None, 1),
    ],
)
def test_start_is_read_by_what_the_end_says(
    start: object, end: object, first: int
) -> None:
    found = variant(**SNV, assembly="GRCh37", start=start, end=end)
    assert found is not None
    assert found.start == first
    assert found.end == (first if end else None)


@pytest.mark.parametrize(
    "base, start, end, first, last",
    [
        (CoordinateBase.ZERO, 9, 10, 10, 10),
        (CoordinateBase.ZERO, 9, 9, 10, 10),
        (CoordinateBase.ZERO, 9, None, 10, None),
        (CoordinateBase.ONE, 10, 10, 10, 10),
        (CoordinateBase.ONE, 10, 11, 10, 10),
        (CoordinateBase.ONE, 10, None, 10, None),
    ],
)
def test_coordinate_base_of_a_peer_is_taken_at_its_word(
    base: CoordinateBase, start: int, end: int | None, first: int, last: int | None
) -> None:
    found = variant(base, **SNV, start=start, end=end)
    assert found is not None
    assert (found.start, found.end) == (first, last)


def test_deletion_of_several_bases_ends_with_its_last() -> None:
    alleles: Json = {"referenceBases": "AAT", "alternateBases": "A"}
    found = variant(referenceName="3", start=99, end=102, **alleles)
    assert found is not None
    assert (found.start, found.end) == (100, 102)


def test_guessed_coordinate_base_is_told() -> None:
    genomic = {"gene": {"id": "X"}, "variant": {**SNV, "start": 10, "end": 10}}
    _, report = read(genomicFeatures=[genomic])
    assert "taken to count from 1" in report.warnings[0]


def test_structural_variant_has_an_end_and_no_alternate() -> None:
    genomic = {
        "gene": {"id": "X"},
        "variant": {"referenceName": "chr2", "start": 99, "end": 5000},
        "type": {"id": "SO:0001743", "label": "copy number loss"},
    }
    case, _ = read(genomicFeatures=[genomic])
    assert case.genomic_features[0].variant == Variant(
        chromosome="2",
        start=100,
        end=5000,
        structural_type="SO:0001743",
        label="copy number loss",
    )


@pytest.mark.parametrize("start", ["x", -1, 1.5, [], 10**12])
def test_impossible_position_is_dropped_and_told(start: object) -> None:
    genomic = {"gene": {"id": "X"}, "variant": {**SNV, "start": start, "end": 9}}
    case, report = read(genomicFeatures=[genomic])
    found = case.genomic_features[0].variant
    assert found and found.start is None and found.end is None
    assert report.counts[Kind.DROPPED]["genomicFeatures.variant.start"] == 1


@pytest.mark.parametrize(
    "entered, right", [("chr17", "17"), ("M", "MT"), ("MT", "MT"), (23, "X")]
)
def test_chromosomes_have_one_name(entered: object, right: str) -> None:
    found = variant(referenceName=entered, start=9, end=10)
    assert found and found.chromosome == right


@pytest.mark.parametrize("entered", ["GRCh37.p13", "hg19", "b37", "37", 37])
def test_assemblies_have_one_name(entered: object) -> None:
    found = variant(**SNV, assembly=entered, start=9, end=10)
    assert found and found.assembly == "GRCh37"


@pytest.mark.parametrize(
    "entered, right",
    [
        (1, Zygosity.HETEROZYGOUS),
        ("1", Zygosity.HETEROZYGOUS),
        ("2", Zygosity.HOMOZYGOUS),
        (2.0, Zygosity.HOMOZYGOUS),
        ("hemizygous", Zygosity.HEMIZYGOUS),
        (7, None),
        (None, None),
    ],
)
def test_zygosity_may_be_text(entered: object, right: Zygosity | None) -> None:
    genomic = {"gene": {"id": "X"}, "variant": {**SNV, "start": 9}, "zygosity": entered}
    found = read(genomicFeatures=[genomic])[0].genomic_features[0].variant
    assert found and found.zygosity == right


@pytest.mark.parametrize("place", ["patient", "feature", "variant"])
@pytest.mark.parametrize("said", [False, "false", "no", 0, "perhaps"])
def test_variant_that_is_not_to_be_shared_is_marked_so(
    place: str, said: object
) -> None:
    mark = {"shareVariantLevelData": said}
    genomic: Json = {"gene": {"id": "X"}, "variant": {**SNV, "start": 9}}
    patient: Json = {"genomicFeatures": [genomic]}
    places = {"patient": patient, "feature": genomic, "variant": genomic["variant"]}
    places[place].update(mark)
    found = read(**patient)[0].genomic_features[0].variant
    assert found and not found.shareable


@pytest.mark.parametrize("said", [True, "true", 1, None])
def test_variant_is_shareable_unless_it_says_otherwise(said: object) -> None:
    found = variant(**SNV, start=9, _share=said)
    assert found and found.shareable


def test_share_mark_of_matchbox_is_honoured() -> None:
    found = variant(**SNV, start=9, _share=False)
    assert found and not found.shareable


@pytest.mark.parametrize(
    "href, right",
    [
        ("mailto:a@x.org,b@y.org", "mailto:a@x.org,b@y.org"),
        ("mailto:a@x.org; b@y.org", "mailto:a@x.org,b@y.org"),
        ("a@x.org", "mailto:a@x.org"),
        ("https://example.org/1", "https://example.org/1"),
        ("mailto:", ""),
        ("javascript:alert(1)", ""),
        (None, ""),
    ],
)
def test_contact_address_has_one_shape(href: object, right: str) -> None:
    case, _ = read(contact={"name": "N", "href": href, "institution": " "})
    assert case.contact == Contact(name="N", href=right)


def test_contact_address_that_cannot_be_used_is_told() -> None:
    _, report = read(contact={"name": "N", "href": "javascript:alert(1)"})
    assert report.counts[Kind.DROPPED] == {"contact.href": 1}


def test_contact_may_give_an_email_and_roles() -> None:
    case, _ = read(contact={"name": "N", "email": "a@x.org", "roles": ["clinician"]})
    assert case.contact == Contact(
        name="N", href="mailto:a@x.org", roles=("clinician",)
    )


def test_empty_contact_is_none() -> None:
    case, report = read(contact={"name": "", "href": None, "institution": ""})
    assert case.contact is None
    assert report.counts[Kind.DROPPED] == {"contact": 1}


def test_contact_that_is_a_publication_names_it() -> None:
    href = "http://www.ncbi.nlm.nih.gov/pubmed/22222222"
    case, report = read(contact={"name": "N", "href": href})
    assert case.publications == ("PMID:22222222",)
    assert case.contact and case.contact.href == href
    assert report.counts[Kind.GUESSED] == {"contact.href": 1}


@pytest.mark.parametrize(
    "entered, right",
    [
        ("HP:0003577", Onset(term_id="HP:0003577")),
        ({"id": "HP:0003577"}, Onset(term_id="HP:0003577")),
        (["hp:0003577"], Onset(term_id="HP:0003577")),
        ("P3Y", Onset(years=3)),
        ("early", None),
        (True, None),
        (None, None),
    ],
)
def test_age_of_onset_is_read(entered: object, right: Onset | None) -> None:
    case, report = read(ageOfOnset=entered)
    assert case.onset == right
    assert bool(report.counts[Kind.DROPPED]) is (entered in ("early", True))


@pytest.mark.parametrize(
    "entered", ["HP:0000006", ["HP:0000006"], {"id": "HP:0000006"}, "hp_0000006"]
)
def test_inheritance_mode_is_read(entered: object) -> None:
    assert read(inheritanceMode=entered)[0].inheritance == ("HP:0000006",)


@pytest.mark.parametrize(
    "fields, right",
    [
        ({"sex": "FEMALE"}, Sex.FEMALE),
        ({"gender": "MALE"}, Sex.MALE),
        ({"sex": "f"}, Sex.FEMALE),
        ({"sex": "MIXED_SAMPLE"}, Sex.UNKNOWN),
        ({"sex": "x"}, Sex.UNKNOWN),
        ({}, Sex.UNKNOWN),
    ],
)
def test_sex_is_read(fields: Json, right: Sex) -> None:
    assert read(**fields)[0].sex is right


@pytest.mark.parametrize(
    "entered, right",
    [(True, True), ("true", True), (1, True), (False, False), (None, False)],
)
def test_test_mark_is_read(entered: object, right: bool) -> None:
    assert read(test=entered)[0].test is right


def test_other_species_are_kept_as_they_are() -> None:
    assert read(species="NCBITaxon:10090")[0].species == "NCBITaxon:10090"


def test_unknown_and_private_keys_change_nothing_and_are_counted() -> None:
    plain = {"id": "A", "features": [{"id": "HP:0001250"}]}
    feature = {"id": "HP:0001250", "_score": 3, "colour": "red"}
    marked = {"id": "A", "features": [feature], "_disclaimer": "x", "spouse": "y"}
    report = Report()
    assert from_json(marked, report, "t") == from_json(plain, Report(), "t")
    assert dict(report.counts[Kind.DROPPED]) == {
        "features._score": 1,
        "features.colour": 1,
        "_disclaimer": 1,
        "spouse": 1,
    }
    assert report.entries == []


def full_case() -> Case:
    case = from_json(stored(), Report(), "test")
    return replace(
        case,
        family="secret-family",
        site="secret-site",
        submitter="secret-submitter",
        sharing=Sharing.EXCHANGE_2,
        publications=("PMID:77777777",),
        age_years=7.25,
        note="secret note",
        solved=True,
        simulated=True,
    )


def test_patient_is_written_as_the_protocol_has_it() -> None:
    assert to_json(full_case()) == {
        "id": "made-up-A",
        "label": "first",
        "contact": {
            "name": "Example Clinic",
            "institution": "Example Hospital",
            "href": "mailto:genetics@example.org",
        },
        "species": "NCBITaxon:9606",
        "sex": "FEMALE",
        "ageOfOnset": "HP:0003577",
        "inheritanceMode": "HP:0000006",
        "disorders": [{"id": "MIM:610536", "label": "Made-up label"}],
        "features": [
            {"id": "HP:0000252", "label": "Microcephaly", "observed": "yes"},
            {
                "id": "HP:0000347",
                "label": "Micrognathia",
                "observed": "yes",
                "ageOfOnset": "HP:0003577",
            },
            {"id": "HP:0001622", "label": "Premature birth", "observed": "no"},
        ],
        "genomicFeatures": [
            {
                "gene": {"id": "EFTUD2"},
                "variant": {
                    "assembly": "GRCh37",
                    "referenceName": "17",
                    "start": 42929130,
                    "end": 42929131,
                    "referenceBases": "G",
                    "alternateBases": "A",
                },
                "zygosity": 1,
                "type": {"id": "SO:0001587"},
            }
        ],
        "test": True,
    }


@pytest.mark.parametrize("secret", ["secret", "77777777", "7.25", "exchange"])
def test_what_the_exchange_does_not_ask_for_is_never_written(secret: str) -> None:
    assert secret not in json.dumps(to_json(full_case()))


def written_variant(**fields: Any) -> Json:
    case = Case(
        case_id="A",
        genomic_features=(GenomicFeature(gene="X", variant=Variant(**fields)),),
    )
    features: Any = to_json(case)["genomicFeatures"]
    found: Json = features[0]
    return found


PLACED: Json = {"assembly": "GRCh38", "chromosome": "1", "start": 10}


def test_variant_not_to_be_shared_leaves_only_its_gene() -> None:
    hidden = written_variant(
        **PLACED,
        reference="A",
        alternate="T",
        zygosity=Zygosity.HOMOZYGOUS,
        consequence="SO:0001587",
        shareable=False,
    )
    assert hidden == {"gene": {"id": "X"}}


@pytest.mark.parametrize("missing", ["assembly", "chromosome", "start"])
def test_variant_without_a_place_is_not_written(missing: str) -> None:
    assert "variant" not in written_variant(**{**PLACED, missing: None})


def test_other_assemblies_are_not_written() -> None:
    assert "variant" not in written_variant(**{**PLACED, "assembly": "T2T-CHM13v2.0"})


def test_mitochondrion_is_written_as_m() -> None:
    written = written_variant(**{**PLACED, "chromosome": "MT"})
    assert written["variant"]["referenceName"] == "M"


def test_end_is_written_even_where_it_was_not_given() -> None:
    written = written_variant(**PLACED, reference="AAT", alternate="A")
    assert (written["variant"]["start"], written["variant"]["end"]) == (9, 12)


def test_positions_are_written_in_the_base_of_the_peer() -> None:
    case = Case(
        case_id="A",
        genomic_features=(GenomicFeature(gene="X", variant=Variant(**PLACED)),),
    )
    written = json.dumps(to_json(case, coordinate_base=CoordinateBase.ONE))
    assert '"start": 10, "end": 10' in written


def test_only_mim_and_orphanet_disorders_are_written() -> None:
    ids = ["OMIM:610536", "ORPHA:79113", "MONDO:0012516", "DECIPHER:18"]
    case = Case(
        case_id="A",
        diseases=tuple(Disease(disease_id=disease_id) for disease_id in ids),
    )
    assert to_json(case)["disorders"] == [
        {"id": "MIM:610536"},
        {"id": "Orphanet:79113"},
    ]


def test_what_was_ruled_out_or_is_only_considered_is_not_written() -> None:
    case = Case(
        case_id="A",
        diseases=(
            Disease(disease_id="OMIM:610536", status=DiseaseStatus.EXCLUDED),
            Disease(disease_id="OMIM:610537", status=DiseaseStatus.CANDIDATE),
        ),
        genomic_features=(GenomicFeature(gene="X", excluded=True),),
    )
    assert to_json(case) == {"id": "A", "species": "NCBITaxon:9606"}


def test_terms_of_no_hpo_shape_are_not_written() -> None:
    case = Case(
        case_id="A",
        features=(PhenotypicFeature(term_id="MP:1"), PhenotypicFeature(term_id="x")),
        inheritance=("y",),
        onset=Onset(years=3),
    )
    assert to_json(case) == {"id": "A", "species": "NCBITaxon:9606"}


def known(drawn_release: Any, case: Case, **preferences: Any) -> Json:
    return to_json(case, release=drawn_release, **preferences)


def test_with_a_release_genes_have_every_name(drawn_release: Any) -> None:
    case = Case(case_id="A", genomic_features=(GenomicFeature(gene="KARS"),))
    names = {
        "id": "ENSG00000065427",
        "_geneName": "KARS1",
        "_ensemblGeneID": "ENSG00000065427",
        "_entrezGeneID": "3735",
    }
    assert known(drawn_release, case)["genomicFeatures"] == [{"gene": names}]
    by_symbol = known(drawn_release, case, gene_symbols=True)
    assert by_symbol["genomicFeatures"] == [{"gene": {**names, "id": "KARS1"}}]


@pytest.mark.parametrize("gene", ["NOPE1", "TYPED BY HAND", "BRCA1 (her mother's)"])
def test_gene_that_a_release_does_not_know_stays_out_with_its_variant(
    drawn_release: Any, gene: str
) -> None:
    variant = Variant(assembly="GRCh37", chromosome="17", start=5)
    feature = GenomicFeature(gene=gene, gene_label="by hand", variant=variant)
    resolved = GenomicFeature(gene="KARS1", gene_label="by hand")
    case = Case(case_id="A", genomic_features=(feature, resolved))
    (written,) = known(drawn_release, case)["genomicFeatures"]
    assert written["gene"]["_geneName"] == "KARS1"
    assert "hand" not in json.dumps(written)


@pytest.mark.parametrize(
    ("variant", "written"),
    [
        (Variant(consequence="SO:0001583"), {"type": {"id": "SO:0001583"}}),
        (Variant(consequence="SO:by hand"), {}),
        (Variant(consequence="SO:00015830"), {}),
        (Variant(consequence="SO:\u0660\u0660\u0660\u0661\u0665\u0668\u0663"), {}),
        (
            Variant(consequence="by hand", structural_type="SO:0000159"),
            {"type": {"id": "SO:0000159"}},
        ),
        (
            Variant(hgvs=("by hand",), label="by hand", origin="by hand"),
            {},
        ),
        (Variant(classification="by hand"), {}),
    ],
)
def test_nothing_typed_by_hand_about_a_variant_leaves(
    variant: Variant, written: Json
) -> None:
    case = Case(
        case_id="A", genomic_features=(GenomicFeature(gene="X", variant=variant),)
    )
    assert to_json(case)["genomicFeatures"] == [{"gene": {"id": "X"}, **written}]


@pytest.mark.parametrize(
    "named",
    [
        {"chromosome": "by hand"},
        {"reference": "BY HAND"},
        {"alternate": "her father's"},
    ],
)
def test_variant_with_words_where_bases_belong_is_not_written(
    named: dict[str, str],
) -> None:
    placed: dict[str, str] = {"chromosome": "17", "reference": "A", "alternate": "T"}
    variant = Variant(assembly="GRCh37", start=5, **{**placed, **named})  # type: ignore[arg-type]
    case = Case(
        case_id="A", genomic_features=(GenomicFeature(gene="X", variant=variant),)
    )
    assert to_json(case)["genomicFeatures"] == [{"gene": {"id": "X"}}]


def test_variant_is_written_in_one_shape() -> None:
    variant = Variant(
        assembly="GRCh38",
        chromosome="chrM",
        start=5,
        reference="a",
        alternate="<DEL>",
    )
    case = Case(
        case_id="A", genomic_features=(GenomicFeature(gene="X", variant=variant),)
    )
    assert to_json(case)["genomicFeatures"] == [
        {
            "gene": {"id": "X"},
            "variant": {
                "assembly": "GRCh38",
                "referenceName": "M",
                "start": 4,
                "end": 5,
                "referenceBases": "A",
            },
        }
    ]


@pytest.mark.parametrize(
    "case",
    [
        Case(case_id="A", species="her cat"),
        Case(
            case_id="A",
            species="",
            diseases=(Disease(disease_id="OMIM:\u0661\u0662\u0663\u0664\u0665\u0666"),),
        ),
    ],
)
def test_words_where_an_id_belongs_are_not_written(case: Case) -> None:
    assert to_json(case) == {"id": "A"}


def test_with_a_release_terms_are_current_and_unknown_ones_stay_out(
    drawn_release: Any,
) -> None:
    ids = ["hp_0000252", "HP:0008007", "HP:9999999", "HP:0000999"]
    features = [PhenotypicFeature(term_id=i, label="typed by hand") for i in ids]
    case = Case(case_id="A", features=tuple(features))
    assert known(drawn_release, case)["features"] == [
        {"id": "HP:0000252", "label": "Microcephaly", "observed": "yes"},
        {"id": "HP:0008070", "label": "Sparse hair", "observed": "yes"},
    ]


def test_with_a_release_a_disease_is_written_by_its_equivalent(
    drawn_release: Any,
) -> None:
    case = Case(case_id="A", diseases=(Disease(disease_id="#610536"),))
    label = "Mandibulofacial dysostosis, Guion-Almeida type"
    assert known(drawn_release, case)["disorders"] == [
        {"id": "MIM:610536", "label": label}
    ]


def test_written_patient_is_read_back() -> None:
    cases = read_cases(DATA / "mme_patients.json")
    again = [from_json(to_json(case), Report(), "test") for case in cases]
    assert [replace(c, genomic_features=()) for c in again] == [
        replace(c, genomic_features=()) for c in cases
    ]


def test_long_lists_are_cut_with_one_warning_for_each_kind() -> None:
    patient = {
        "id": "A",
        "features": [{"id": f"HP:{number:07d}"} for number in range(7)],
        "genomicFeatures": [{"gene": {"id": f"G{number}"}} for number in range(7)],
        "disorders": [{"id": f"MIM:{number:06d}"} for number in range(7)],
    }
    report = Report()
    limits = ItemLimits(features=3, genomic_features=2, disorders=1)
    case = from_json(patient, report, "test", limits=limits)
    assert case.observed == ("HP:0000000", "HP:0000001", "HP:0000002")
    assert case.genes == ("G0", "G1")
    assert [disease.disease_id for disease in case.diseases] == ["OMIM:000000"]
    assert sorted(report.warnings) == [
        "Of 7 disorders only 1 were read.",
        "Of 7 features only 3 were read.",
        "Of 7 genomicFeatures only 2 were read.",
    ]


def test_lists_of_files_may_be_long() -> None:
    features = [{"id": f"HP:{number:07d}"} for number in range(5000)]
    case, report = read(features=features)
    assert len(case.features) == 5000
    assert report.warnings == ()


def test_list_of_modifiers_is_cut() -> None:
    modifiers = [{"id": f"HP:{number:07d}"} for number in range(101)]
    case, report = read(features=[{"id": "HP:0001250", "modifiers": modifiers}])
    assert len(case.features[0].modifiers) == 100
    assert report.warnings == ("Of 101 features.modifiers only 100 were read.",)

from types import SimpleNamespace

import pytest

from ontologies.diseases import DiseaseTable, build_diseases


def _reference(source, number, relation):
    return f"""<ExternalReference><Source>{source}</Source><Reference>{number}</Reference>
    <DisorderMappingRelation><Name lang="en">{relation} (in words)</Name>
    </DisorderMappingRelation></ExternalReference>"""


def _disorder(code, name, synonyms=(), references=()):
    return f"""<Disorder><OrphaCode>{code}</OrphaCode><Name lang="en">{name}</Name>
    <SynonymList>{"".join(f"<Synonym>{s}</Synonym>" for s in synonyms)}</SynonymList>
    <ExternalReferenceList>{"".join(_reference(*r) for r in references)}
    </ExternalReferenceList></Disorder>"""


ORPHANET = f"""<?xml version="1.0" encoding="UTF-8"?>
<JDBOR><DisorderList>
{_disorder(
    558,
    "Marfan  syndrome",
    ["MFS"],
    [
        ("OMIM", "154700", "BTNT"),
        ("OMIM", "610168", "NTBT"),
        ("MONDO", "7947", "E"),
        ("ICD-10", "Q87.4", "E"),
    ],
)}
{_disorder(3, "OBSOLETE: Marfan syndrome type 9")}
{_disorder(284963, "Marfan syndrome type 1", [], [("OMIM", "154700", "E")])}
{_disorder(
    79113,
    "Mandibulofacial dysostosis-microcephaly syndrome",
    [],
    [("OMIM", "610536", "E"), ("OMIM", "610537", "E"), ("MONDO", "0012516", "E")],
)}
</DisorderList></JDBOR>"""
ANNOTATED = SimpleNamespace(
    disease_ids=[
        "OMIM:154700",
        "OMIM:610536",
        "ORPHA:558",
        "DECIPHER:18",
        "OMIM:111400",
    ],
    disease_names=[
        "Marfan syndrome",
        "Guion-Almeida dysostosis",
        "MARFAN",
        "1p36 deletion",
        "#111400 BLOOD GROUP, P1PK SYSTEM;;P(2) PHENOTYPE, INCLUDED;;OTHER",
    ],
)


@pytest.fixture(scope="module")
def diseases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diseases")
    path = folder / "en_product1.xml"
    path.write_text(ORPHANET)
    build_diseases(path, ANNOTATED).save(folder / "compiled")
    return DiseaseTable.open(folder / "compiled")


@pytest.mark.parametrize(
    ("entered", "canonical"),
    [
        ("OMIM:610536", "OMIM:610536"),
        ("MIM:610536", "OMIM:610536"),
        ("mim 610536", "OMIM:610536"),
        ("#610536", "OMIM:610536"),
        ("OMIM #610536", "OMIM:610536"),
        (" 610536 ", "OMIM:610536"),
        ("https://omim.org/entry/610536", "OMIM:610536"),
        ("Orphanet:558", "ORPHA:558"),
        ("ORPHA:558", "ORPHA:558"),
        ("ORPHA558", "ORPHA:558"),
        ("ORDO:558", "ORPHA:558"),
        ("http://www.orpha.net/ORDO/Orphanet_558", "ORPHA:558"),
        ("MONDO:0007947", "MONDO:0007947"),
        ("mondo:7947", "MONDO:0007947"),
        ("http://purl.obolibrary.org/obo/MONDO_0007947", "MONDO:0007947"),
    ],
)
def test_disease_id_is_brought_to_its_canonical_form(entered, canonical):
    assert DiseaseTable.normalise(entered) == canonical


@pytest.mark.parametrize(
    "entered", ["Marfan syndrome", "Stickler 2", "12345", "DECIPHER:18", "OMIM:PS1", ""]
)
def test_what_is_no_known_id_form_stays_as_entered(entered):
    assert DiseaseTable.normalise(f" {entered} ") == entered


def test_exact_references_are_equivalent_in_both_directions(diseases):
    assert diseases.equivalents("OMIM:154700") == ("ORPHA:284963",)
    assert diseases.equivalents("ORPHA:284963") == ("OMIM:154700",)


def test_omim_and_mondo_correspond_through_orphanet(diseases):
    assert diseases.equivalents("OMIM:610536") == ("MONDO:0012516", "ORPHA:79113")
    assert diseases.equivalents("mondo:12516") == (
        "OMIM:610536",
        "OMIM:610537",
        "ORPHA:79113",
    )


def test_two_ids_of_one_vocabulary_are_never_equated(diseases):
    assert "OMIM:610537" not in diseases.equivalents("OMIM:610536")


def test_broader_and_narrower_references_are_no_equivalents(diseases):
    assert diseases.equivalents("ORPHA:558") == ("MONDO:0007947",)
    assert diseases.narrower("ORPHA:558") == ("OMIM:154700",)
    assert diseases.broader("ORPHA:558") == ("OMIM:610168",)
    assert diseases.broader("OMIM:154700") == ("ORPHA:558",)


def test_unknown_disease_has_neither_name_nor_equivalents(diseases):
    assert diseases.name("OMIM:999999") == ""
    assert diseases.equivalents("OMIM:999999") == ()
    assert "OMIM:999999" not in diseases


@pytest.mark.parametrize(
    ("disease_id", "name"),
    [
        ("OMIM:610536", "Guion-Almeida dysostosis"),
        ("#610536", "Guion-Almeida dysostosis"),
        ("DECIPHER:18", "1p36 deletion"),
        ("OMIM:111400", "BLOOD GROUP, P1PK SYSTEM"),
    ],
)
def test_disease_is_named_as_in_its_annotations(diseases, disease_id, name):
    assert diseases.name(disease_id) == name
    assert disease_id in diseases


def test_name_of_orphanet_wins_over_the_annotation_of_its_entry(diseases):
    names = diseases.names("ORPHA:558")

    assert (names.name, names.synonyms) == ("Marfan syndrome", ("MFS",))


def test_synonyms_are_taken_from_an_old_omim_title(diseases):
    assert diseases.names("OMIM:111400").synonyms == ("P(2) PHENOTYPE", "OTHER")


def test_disease_without_own_name_has_the_name_of_its_equivalent(diseases):
    assert diseases.name("MONDO:0007947") == "Marfan syndrome"


@pytest.mark.parametrize(
    "typed", ["marfan syndrom", "MARFAN", "syndrome marfan", "marf"]
)
def test_disease_is_found_by_its_name_as_typed(diseases, typed):
    assert {hit.disease_id for hit in diseases.search(typed)[:2]} == {
        "OMIM:154700",
        "ORPHA:558",
    }


def test_disease_is_found_by_a_synonym_with_its_words_marked(diseases):
    hit = diseases.search("mfs")[0]

    assert (hit.disease_id, hit.label, hit.matched) == (
        "ORPHA:558",
        "Marfan syndrome",
        "MFS",
    )
    assert hit.spans == ((0, 3),)


def test_disease_is_found_by_its_id(diseases):
    assert [hit.label for hit in diseases.search("#610536")] == [
        "Guion-Almeida dysostosis"
    ]


def test_retired_disease_is_not_offered(diseases):
    found = {hit.disease_id for hit in diseases.search("marfan syndrome type 9")}

    assert "ORPHA:3" not in found
    assert diseases.name("ORPHA:3") == "OBSOLETE: Marfan syndrome type 9"


@pytest.mark.parametrize("typed", ["", " ", "zzzzqqqq"])
def test_no_disease_is_found_for_nothing(diseases, typed):
    assert diseases.search(typed) == []

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ontologies.lookup import TermLookup


@pytest.fixture(scope="module")
def lookup(release):
    return TermLookup(release.ontology, release.annotations)


def _first(lookup, text):
    return lookup.search(text)[0].label


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("seizure", "Seizure"),
        ("SEIZURES", "Seizure"),
        ("convulsions", "Seizure"),
        ("epilepsey", "Seizure"),
        ("hypotnia", "Hypotonia"),
        ("nistagmus", "Nystagmus"),
        ("hepatomegally", "Hepatomegaly"),
        ("micrognatia", "Micrognathia"),
        ("trigonocephally", "Trigonocephaly"),
        ("rhabdomyolisis", "Rhabdomyolysis"),
        ("anaemia", "Anemia"),
        ("diarrhoea", "Diarrhea"),
        ("gynaecomastia", "Gynecomastia"),
        ("thrombocytopaenia", "Thrombocytopenia"),
        ("apnoea", "Apnea"),
        ("café-au-lait", "Cafe-au-lait spot"),
        ("lowset ears", "Low-set ears"),
        ("micro cephaly", "Microcephaly"),
        ("ears low set", "Low-set ears"),
        ("defect atrial septum", "Atrial septal defect"),
        ("pda", "Patent ductus arteriosus"),
        ("TOF", "Tetralogy of Fallot"),
        ("snhl", "Sensorineural hearing impairment"),
        ("ftt", "Failure to thrive"),
        ("ctev", "Talipes equinovarus"),
        ("pmg", "Polymicrogyria"),
        ("elevated ck", "Elevated circulating creatine kinase activity"),
        ("nosebleeds", "Epistaxis"),
        ("squint", "Strabismus"),
        ("monobrow", "Synophrys"),
        ("bed wetting", "Enuresis nocturna"),
        ("low platelets", "Thrombocytopenia"),
        ("large fontanelle", "Large fontanelles"),
        ("thick lips", "Thick vermilion border"),
        ("wide spaced nipples", "Wide intermamillary distance"),
        ("hypothyroid", "Hypothyroidism"),
        ("dystonic", "Dystonia"),
    ],
)
def test_term_is_found_first(lookup, typed, label):
    assert _first(lookup, typed) == label


@pytest.mark.parametrize("typed", ["sei", "seiz", "seizu", "seizur"])
def test_word_may_be_incomplete_while_typing(lookup, typed):
    assert _first(lookup, typed) == "Seizure"


def test_last_of_several_words_may_be_incomplete(lookup):
    assert _first(lookup, "ventricular sep") == "Ventricular septal defect"


@pytest.mark.parametrize(
    "typed", ["HP:0001250", "hp:0001250", "HP_0001250", " hp 0001250 "]
)
def test_id_in_any_spelling_finds_its_term(lookup, typed):
    assert [hit.label for hit in lookup.search(typed)] == ["Seizure"]


def test_id_may_be_incomplete(lookup):
    assert {hit.term_id[:9] for hit in lookup.search("hp:000125")} == {"HP:000125"}


def test_retired_id_finds_its_successor(lookup):
    assert [hit.term_id for hit in lookup.search("HP:0040168")] == ["HP:0007359"]


@pytest.mark.parametrize("typed", ["", "  ", "?!", "HP:9999999", "HP:9999"])
def test_nothing_is_found_for_nothing(lookup, typed):
    assert lookup.search(typed) == []


def test_matched_synonym_is_shown_with_the_words_that_answer(lookup):
    hit = lookup.search("eyes widely spaced")[0]

    assert (hit.label, hit.matched) == ("Hypertelorism", "Widely spaced eyes")
    assert [hit.matched[a:b] for a, b in hit.spans] == ["Widely", "spaced", "eyes"]


@pytest.mark.parametrize(
    ("typed", "is_close"),
    [("seizres", True), ("hipotnia", True), ("qwrtzpfx", False), ("foobar", False)],
)
def test_what_is_like_nothing_is_told_from_what_is_misspelt(lookup, typed, is_close):
    assert lookup.search(typed)[0].is_close is is_close


def test_long_text_is_searched_by_its_beginning(lookup):
    assert lookup.search("ptosis " + "and so on " * 10_000)


def test_each_term_comes_once_and_the_best_first(lookup):
    hits = lookup.search("seizure", limit=25)

    assert len({hit.term_id for hit in hits}) == len(hits) == 25
    assert [hit.score for hit in hits] == sorted((h.score for h in hits), reverse=True)
    assert all(0 < hit.score <= 1 for hit in hits)


@pytest.mark.parametrize("typed", ["ptosis", "vsd", "seizres", "chorea", "jaundise"])
def test_ten_terms_are_offered_even_for_a_rare_word(lookup, typed):
    assert len(lookup.search(typed)) == 10


def test_only_phenotypic_abnormalities_are_found_by_default(lookup, release):
    hits = lookup.search("autosomal recessive inheritance", limit=20)

    assert all(release.ontology.is_phenotype(hit.term_id) for hit in hits)


def test_another_branch_can_be_searched(lookup):
    hits = lookup.search("autosomal recess", below="HP:0000005")

    assert hits[0].label == "Autosomal recessive inheritance"


def test_abbreviations_of_a_site_are_understood(release, lookup):
    own = TermLookup(release.ontology, None, {"qqq": ["seizure"]}, index=lookup.index)

    assert _first(own, "qqq") == "Seizure"
    assert lookup.search("qqq") == []


def test_term_of_many_diseases_is_preferred_among_equals(release, lookup):
    plain = TermLookup(release.ontology, index=lookup.index)

    preferred = next(h for h in lookup.search("ataxia") if h.label == "Ataxia")
    unweighted = next(h for h in plain.search("ataxia") if h.label == "Ataxia")

    assert preferred.score > unweighted.score


def test_slice_of_the_ontology_can_be_searched(hpo_slice):
    lookup = TermLookup(hpo_slice.ontology, hpo_slice.annotations)

    assert lookup.search("small stature")[0].label == "Short stature"
    assert len(lookup.search("focal seizure", limit=2)) == 2


@given(st.text(max_size=60))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_can_be_typed(lookup, typed):
    for hit in lookup.search(typed, limit=3):
        assert 0 < hit.score <= 1
        assert all(0 <= start < end <= len(hit.matched) for start, end in hit.spans)

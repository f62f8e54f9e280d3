import pytest

from ontologies.words.folding import content, fold, root, singular, words


def test_words_stand_where_the_text_has_them():
    found = words("Low-set  ÉARS, Café")

    assert [(w.text, w.start, w.end) for w in found] == [
        ("low", 0, 3),
        ("set", 4, 7),
        ("ears", 9, 13),
        ("cafe", 15, 19),
    ]


def test_accented_letter_of_two_code_points_belongs_to_its_word():
    (word,) = words("Cafe\u0301")

    assert (word.text, word.start, word.end) == ("cafe", 0, 5)


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("Hypoglycaemia", "hypoglycemia"),
        ("oedema", "EDEMA"),
        ("diarrhoea", "diarrhea"),
        ("oesophageal", "esophageal"),
        ("behaviour", "behavior"),
        ("tumour", "tumor"),
    ],
)
def test_both_spellings_of_english_fold_alike(british, american):
    assert fold(british) == fold(american)


@pytest.mark.parametrize(
    ("plural", "singular_form"),
    [
        ("seizures", "seizure"),
        ("feet", "foot"),
        ("teeth", "tooth"),
        ("testes", "testis"),
        ("toes", "toe"),
        ("stenoses", "stenosis"),
        ("biopsies", "biopsy"),
        ("masses", "mass"),
        ("vertebrae", "vertebra"),
        ("naevi", "nevus"),
        ("phalanges", "phalanx"),
        ("hemangiomata", "hemangioma"),
        ("5th", "fifth"),
    ],
)
def test_plural_becomes_singular(plural, singular_form):
    assert singular(fold(plural)) == singular_form


@pytest.mark.parametrize(
    "word", ["iris", "pelvis", "lens", "nystagmus", "abscess", "ptosis"]
)
def test_singular_ending_like_a_plural_stays(word):
    assert singular(word) == word


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ataxic", "ataxia"),
        ("autistic", "autism"),
        ("epileptic", "epilepsy"),
        ("spastic", "spasticity"),
        ("delayed", "delay"),
        ("dislocated", "dislocation"),
        ("cyanotic", "cyanosis"),
        ("absent", "absence"),
        ("microcephalic", "microcephaly"),
        ("deaf", "deafness"),
        ("curved", "curvature"),
        ("choreic", "chorea"),
        ("edematous", "edema"),
    ],
)
def test_noun_and_adjective_share_their_root(one, other):
    assert root(one) == root(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("hypotonia", "hypertonia"), ("polydactyly", "syndactyly"), ("ptosis", "otosis")],
)
def test_different_words_have_different_roots(one, other):
    assert root(one) != root(other)


def test_content_leaves_out_words_without_meaning():
    assert content("Agenesis of the Corpus callosum") == [
        "agenesis",
        "corpus",
        "callosum",
    ]


def test_content_of_meaningless_words_alone_is_these():
    assert content("of the") == ["of", "the"]


def test_letter_that_names_a_kind_is_no_article():
    assert content("Reduced hemoglobin A") == ["reduced", "hemoglobin", "a"]
    assert content("A reduced hemoglobin") == ["reduced", "hemoglobin"]


def test_possessive_is_the_word_itself():
    assert content("Raynaud's") == content("Raynaud’s") == ["raynaud"]

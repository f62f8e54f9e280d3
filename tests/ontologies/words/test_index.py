import pytest

from ontologies.words.index import Name, NameIndex, build_name_index


@pytest.fixture
def index(tmp_path):
    names = [
        Name(0, "Seizure", 1.0),
        Name(0, "Seizures", 0.9),
        Name(1, "Febrile seizures", 1.0),
        Name(2, "Increased blood lactate", 1.0, ("increased", "lactate")),
    ]
    build_name_index(names).save(tmp_path)
    return NameIndex.open(tmp_path)


def test_word_leads_to_the_names_that_have_it_in_any_number(index):
    seizure = index.number_of("seizure")

    assert index.names_with(seizure).tolist() == [0, 1, 2]
    assert index.entries.tolist() == [0, 0, 1, 2]


def test_rare_word_weighs_more_than_a_common_one(index):
    febrile, seizure = index.number_of("febrile"), index.number_of("seizure")

    assert index.rarities[febrile] > index.rarities[seizure]


def test_unknown_word_has_no_number(index):
    assert index.number_of("zebra") is None
    assert index.number_of("") is None


def test_words_are_found_by_their_beginning(index):
    found = [index.vocabulary[number] for number in index.beginning_with("fe")]

    assert found == ["febrile"]


def test_words_are_found_by_their_root(index):
    found = [index.vocabulary[number] for number in index.with_root_of("febril")]

    assert found == ["febrile"]


def test_spelling_given_replaces_the_words_of_the_text(index):
    assert index.number_of("blood") is None
    assert index.spellings[3] == "increased lactate"
    assert index.texts[3] == "Increased blood lactate"

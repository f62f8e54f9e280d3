import pytest

from ontologies.notes.context import SentenceContext, Status, Subject
from ontologies.notes.cues import Named, load_context_rules
from ontologies.words.folding import words


@pytest.fixture(scope="module")
def rules():
    return load_context_rules()


def _status(rules, text, finding, **of_note):
    """The status of the words `finding` where they stand first in the sentence `text`."""
    sentence = words(text)
    position = text.index(finding)
    within = [
        i
        for i, w in enumerate(sentence)
        if position <= w.start < position + len(finding)
    ]
    named = Named(within[0], within[-1] + 1)
    return SentenceContext(rules, text, sentence, [named], **of_note).status(named)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Zeb was seen.", Status.OBSERVED),
        ("No zeb.", Status.EXCLUDED),
        ("No sign of a zeb.", Status.EXCLUDED),
        ("Likely zeb.", Status.UNCERTAIN),
        ("If zeb occurs.", Status.UNCERTAIN),
        ("His uncle has zeb.", Status.FAMILY),
        ("zeb was not found.", Status.EXCLUDED),
        ("zeb cannot be ruled out.", Status.UNCERTAIN),
        ("No other child but zeb.", Status.OBSERVED),
        ("Without this, with zeb.", Status.OBSERVED),
        ("normal zeb", None),
        ("zeb normal", None),
        ("zeb: -", Status.EXCLUDED),
        ("Their second son has zeb.", Status.OBSERVED),
        ("Her son has zeb.", Status.FAMILY),
    ],
)
def test_words_around_a_finding_decide_its_status(rules, text, status):
    finding = "Zeb" if text.startswith("Zeb") else "zeb"

    assert _status(rules, text, finding) is status


def test_longest_phrase_at_a_place_counts(rules):
    assert _status(rules, "There was no increase of zeb.", "zeb") is Status.OBSERVED


def test_phrase_within_a_finding_says_nothing_about_it(rules):
    assert _status(rules, "He has absent zeb.", "absent zeb") is Status.OBSERVED


def test_section_of_the_family_makes_findings_those_of_relatives(rules):
    assert _status(rules, "zeb", "zeb", family=True) is Status.FAMILY


@pytest.mark.parametrize(
    ("sex", "status"), [("male", Status.FAMILY), ("female", Status.OBSERVED)]
)
def test_pronoun_means_the_relative_where_it_cannot_mean_the_patient(
    rules, sex, status
):
    found = _status(rules, "She has zeb.", "zeb", previous=Subject(True), sex=sex)

    assert found is status


@pytest.mark.parametrize(
    ("note", "sex"),
    [("This girl", "female"), ("His mother", "male"), ("A case", ""), ("", "")],
)
def test_sex_of_the_patient_is_told_by_the_first_word_that_tells(rules, note, sex):
    assert rules.patient_sex(words(note)) == sex

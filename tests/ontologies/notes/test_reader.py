import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ontologies.notes.context import Status
from ontologies.lookup import TermLookup
from ontologies.notes.reader import NoteReader

NOTES = json.loads(
    (Path(__file__).parents[2] / "data" / "clinical_notes.json").read_text()
)


# Of these any order must be readable, sense or not.
PIECES = (
    "no not ptosis hypotonia and or , . ; : ? (-) mother she family history without CK OFC -3 SD "
    "seizures low-set ears excluded possible \n \n\n - but normal elevated lactate"
).split(" ")


@pytest.fixture(scope="module")
def reader(release):
    lookup = TermLookup(release.ontology, release.annotations)
    return NoteReader(release.ontology, lookup)


def _read(reader, note):
    return {(term.label, str(term.status)) for term in reader.read(note)}


@pytest.mark.parametrize("note", NOTES, ids=[note["id"] for note in NOTES])
def test_note_is_read_as_a_clinician_reads_it(reader, note):
    expected = {
        (label, status)
        for label, statuses in note["expected"].items()
        for status in ([statuses] if isinstance(statuses, str) else statuses)
    }

    assert _read(reader, note["text"]) == expected


@pytest.mark.parametrize(
    "note",
    [
        "No ptosis.",
        "He has no ptosis.",
        "No hypotonia, ataxia or ptosis.",
        "Without ptosis.",
        "She denies ptosis.",
        "Negative for ataxia and ptosis.",
        "No evidence of ptosis was found.",
        "Ptosis was excluded.",
        "Ataxia and ptosis were not seen.",
        "Ptosis has been ruled out.",
        "Ptosis: none",
        "Ptosis - absent",
        "Ptosis (-)",
        "Pertinent negatives: ataxia, ptosis",
        "He does not have ptosis.",
        "There is neither ataxia nor ptosis.",
        "MRI excluded ptosis.",
    ],
)
def test_negated_finding_is_excluded(reader, note):
    assert ("Ptosis", "excluded") in _read(reader, note)
    assert ("Ptosis", "observed") not in _read(reader, note)


@pytest.mark.parametrize(
    "note",
    [
        "No ataxia, but ptosis.",
        "No ataxia. Ptosis.",
        "No ataxia; ptosis on the left.",
        "There is no ataxia and she has ptosis.",
        "She denies ataxia, however ptosis was evident.",
        "Ataxia was excluded, ptosis was confirmed.",
        "Not only ataxia but also ptosis.",
        "The ptosis has not improved.",
        "No change in the ptosis.",
        "Hearing is normal and he has ptosis.",
        "Mother reports that he has ptosis.",
        "Mother reports ptosis since birth.",
        "According to her father she has ptosis.",
        "The ptosis was first noticed by his mother.",
        "Ptosis (+), ataxia (-)",
        "Ptosis: yes",
    ],
)
def test_finding_outside_the_reach_of_a_negation_is_observed(reader, note):
    assert ("Ptosis", "observed") in _read(reader, note)


@pytest.mark.parametrize(
    "note",
    [
        "His mother has ptosis.",
        "Family history of ptosis.",
        "Family history: ptosis",
        "FHx: ptosis in the paternal grandfather",
        "There is ptosis in a maternal uncle.",
        "Two cousins have ataxia and ptosis.",
        "Father - ptosis",
        "Family history\nMother - asthma\nFather - ptosis",
        "Born to a mother with ptosis.",
        "His mother has migraine. She also has ptosis.",
        "Ptosis runs in the family.",
    ],
)
def test_finding_of_a_relative_is_kept_apart(reader, note):
    assert ("Ptosis", "family") in _read(reader, note)
    assert ("Ptosis", "observed") not in _read(reader, note)


@pytest.mark.parametrize(
    "note",
    [
        "No family history of ptosis.",
        "Family history: negative for ptosis.",
        "His mother has no ptosis.",
    ],
)
def test_finding_that_relatives_have_not_is_not_offered(reader, note):
    assert _read(reader, note) == set()


@pytest.mark.parametrize(
    "note",
    [
        "Possible ptosis.",
        "Suspected ataxia or ptosis.",
        "?ptosis",
        "Ptosis?",
        "To rule out ptosis.",
        "Ptosis cannot be excluded.",
        "Ptosis is suspected.",
        "Findings suggestive of ptosis.",
        "Screen for ptosis annually.",
    ],
)
def test_doubted_finding_is_uncertain(reader, note):
    assert ("Ptosis", "uncertain") in _read(reader, note)
    assert ("Ptosis", "observed") not in _read(reader, note)


def test_doubt_about_one_finding_leaves_the_next_alone(reader):
    assert _read(reader, "Possible ptosis and ataxia.") >= {("Ptosis", "uncertain")}
    assert ("Ataxia", "observed") in _read(reader, "Possible ptosis, ataxia.")


@pytest.mark.parametrize(
    ("note", "labels"),
    [
        ("He walks with an ataxic gait.", {"Gait ataxia"}),
        (
            "The ears are low-set and posteriorly rotated.",
            {"Low-set ears", "Posteriorly rotated ears"},
        ),
        ("Cleft of the lip.", {"Cleft lip"}),
        ("Feeding was poor.", {"Feeding difficulties"}),
        ("Her hands are very small.", {"Small hand"}),
        ("Elevated CK.", {"Elevated circulating creatine kinase activity"}),
        (
            "Raised lactate and ammonia.",
            {"Increased circulating lactate concentration", "Hyperammonemia"},
        ),
        ("Low platelets.", {"Thrombocytopenia"}),
        ("A VSD and a PDA.", {"Ventricular septal defect", "Patent ductus arteriosus"}),
        ("Scoliossis.", {"Scoliosis"}),
        ("CAFÉ-AU-LAIT SPOTS", {"Cafe-au-lait spot"}),
        ("He is autistic.", {"Autism"}),
        ("A pda was not written in capitals.", set()),
        ("The fall broke his blue bicycle.", set()),
        ("HP", set()),
        ("PTOSIS AS WELL AS A VSD", {"Ptosis", "Ventricular septal defect"}),
    ],
)
def test_words_lead_to_the_most_specific_term(reader, note, labels):
    assert {label for label, _ in _read(reader, note)} == labels


def test_longest_name_wins_over_its_parts(reader):
    assert _read(reader, "Bilateral sensorineural hearing impairment") == {
        ("Bilateral sensorineural hearing impairment", "observed")
    }


def test_spans_are_code_points_of_the_note(reader):
    note = "Café 😀: ptosis. No seizures; PTOSIS."

    terms = {term.label: term for term in reader.read(note)}

    assert [note[a:b] for a, b in terms["Ptosis"].spans] == ["ptosis", "PTOSIS"]
    assert [note[a:b] for a, b in terms["Seizure"].spans] == ["seizures"]


def test_words_shared_with_another_finding_have_spans_of_their_own(reader):
    note = "Small hands and feet."

    terms = {term.label: term for term in reader.read(note)}

    assert [note[a:b] for a, b in terms["Short foot"].spans] == ["Small", "feet"]


def test_terms_come_in_the_order_of_the_note(reader):
    terms = reader.read("Ptosis, ataxia and a cleft palate.")

    assert [term.label for term in terms] == ["Ptosis", "Ataxia", "Cleft palate"]
    assert all(term.status is Status.OBSERVED for term in terms)


@pytest.mark.parametrize("note", ["", " \n\n ", "?", "...", "é", "12", "(-)", ":", "-"])
def test_note_without_findings_has_none(reader, note):
    assert reader.read(note) == []


def test_long_note_is_read_in_linear_pieces(reader):
    note = "No ptosis, but hypotonia and low-set ears. " * 200

    terms = {term.label: len(term.spans) for term in reader.read(note)}

    assert terms == {"Ptosis": 200, "Hypotonia": 200, "Low-set ears": 200}


@given(st.text(max_size=200) | st.lists(st.sampled_from(PIECES)).map(" ".join))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_can_be_read(reader, note):
    for term in reader.read(note):
        assert all(0 <= start < end <= len(note) for start, end in term.spans)
        assert list(term.spans) == sorted(set(term.spans))

import pytest

from ontologies.notes.sections import sentences


def _split(note):
    return [(note[s.start : s.end].strip(), s.family) for s in sentences(note)]


@pytest.mark.parametrize(
    ("note", "parts"),
    [
        ("One. Two", ["One.", "Two"]),
        ("Seen by Dr. Jones today. Well.", ["Seen by Dr. Jones today.", "Well."]),
        ("A VSD of 3.5 mm. No murmur", ["A VSD of 3.5 mm.", "No murmur"]),
        (
            "A long line that is full to its end and\n goes on. End",
            ["A long line that is full to its end and", "goes on.", "End"],
        ),
        (
            "A long line that is full up to the very end and\ngoes on. End",
            ["A long line that is full up to the very end and\ngoes on.", "End"],
        ),
        ("asthma\nmyopia", ["asthma", "myopia"]),
        ("- one\n- two", ["- one", "- two"]),
        ("Seizures? None.", ["Seizures?", "None."]),
        ("?ptosis and e.g. ataxia", ["?ptosis and e.g. ataxia"]),
    ],
)
def test_note_is_split_into_sentences(note, parts):
    assert [text for text, _ in _split(note)] == parts


def test_family_section_lasts_for_its_line():
    note = "Family history: asthma. Myopia.\nPtosis."

    assert _split(note) == [
        ("Family history: asthma.", True),
        ("Myopia.", True),
        ("Ptosis.", False),
    ]


def test_family_heading_alone_lasts_until_the_next_heading_or_gap():
    note = "Family history:\nasthma\nmyopia\nExamination: ptosis\n\nFamily\nataxia\n\nchorea"

    assert [text for text, family in _split(note) if family] == [
        "Family history:",
        "asthma",
        "myopia",
        "ataxia",
    ]


def test_family_section_within_a_paragraph_ends_with_the_next_heading():
    note = "Family history: asthma. Examination: ptosis."

    assert [family for _, family in _split(note)] == [True, False]


def test_family_section_within_a_paragraph_ends_where_the_patient_is_subject():
    note = "Family history: asthma. On examination ptosis."

    assert [family for _, family in _split(note)] == [True, False]

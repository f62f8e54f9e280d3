import pytest

from ontologies.notes.measurements import measured


@pytest.mark.parametrize(
    ("text", "term_ids"),
    [
        ("OFC -3.5 SD", ["HP:0000252"]),
        ("head circumference 44 cm (−3.1 SD)", ["HP:0000252"]),
        ("OFC 2.5 SD below the mean", ["HP:0000252"]),
        ("HC <3rd centile", ["HP:0000252"]),
        ("HC below the 3rd percentile", ["HP:0000252"]),
        ("OFC +2.6 SD", ["HP:0000256"]),
        ("OFC > 97th centile", ["HP:0000256"]),
        ("OFC z-score: -4", ["HP:0000252"]),
        ("height -2.8 SDS", ["HP:0004322"]),
        ("height < P3", ["HP:0004322"]),
        ("Height above the 99.6th centile", ["HP:0000098"]),
        ("weight 0.4th centile", ["HP:0004325"]),
        ("birth weight 1500 g (<3rd centile)", ["HP:0001518"]),
        ("OFC -3 SD, height -2.5 SD", ["HP:0000252", "HP:0004322"]),
        ("OFC -1.9 SD", []),
        ("OFC 50th centile", []),
        ("weight 3rd centile", []),
        ("height 120 cm", []),
        ("OFC, height and weight normal", []),
        ("birth length +3 SD", []),
        ("OFC 35 cm. Score -3 SD", []),
        ("", []),
    ],
)
def test_measurement_beyond_the_usual_range_is_a_term(text, term_ids):
    assert [each.term_id for each in measured(text)] == term_ids


def test_measurement_stands_where_the_text_has_it():
    text = "Her OFC was -3 SD."

    (each,) = measured(text)

    assert text[each.start : each.end] == "OFC was -3 SD"

"""Pictures of figures."""

import xml.etree.ElementTree as ElementTree

from benchmarks.plot import Bar, Line, bars, lines

SVG = "{http://www.w3.org/2000/svg}"


def test_longest_bar_fills_the_width_and_the_others_are_in_proportion():
    root = ElementTree.fromstring(bars("t", "c", [Bar("a", 0.2), Bar("b", 0.4, True)]))
    first, second = (
        float(g.find(f"{SVG}rect").get("width")) for g in root.iter(f"{SVG}g")
    )
    assert (first, second) == (235, 470)


def test_picture_says_what_it_shows_in_words():
    root = ElementTree.fromstring(bars("A & B", "one < two", [Bar("<x>", 0.1234)]))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert root.find(f"{SVG}title").text == "A & B"
    assert texts == ["A & B", "one < two", "<x>", "0.123"]


def test_picture_without_figures_is_still_one():
    assert ElementTree.fromstring(bars("t", "c", [])).tag == f"{SVG}svg"


def circles(root):
    return [
        [(float(c.get("cx")), float(c.get("cy"))) for c in g.iter(f"{SVG}circle")]
        for g in root.iter(f"{SVG}g")
    ]


def test_ten_times_as_much_is_equally_far_on_a_logarithmic_axis():
    line = Line("a", ((10, 1), (100, 10), (1000, 100)))
    ((first, second, third),) = circles(
        ElementTree.fromstring(lines("t", "c", ("cases", "ms"), [line]))
    )
    assert second[0] - first[0] == third[0] - second[0] > 0
    assert second[1] - first[1] == third[1] - second[1] < 0


def test_lines_of_a_picture_share_their_axes():
    high, low = Line("high", ((10, 1000),)), Line("low", ((10, 1),))
    (above,), (below,) = circles(
        ElementTree.fromstring(lines("t", "c", ("cases", "ms"), [high, low]))
    )
    assert above[0] == below[0] and above[1] < below[1]


def test_lines_and_axes_are_named_in_words():
    picture = lines("A & B", "c", ("cases", "ms"), [Line("<us>", ((10, 1), (20, 3)))])
    texts = [t.text for t in ElementTree.fromstring(picture).iter(f"{SVG}text")]
    assert texts == ["A & B", "c", "10", "100", "1 ms", "10 ms", "cases", "<us>"]

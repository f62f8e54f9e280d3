"""Pictures of figures."""

import xml.etree.ElementTree as ElementTree

from benchmarks.plot import Bar, bars

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

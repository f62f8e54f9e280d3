from __future__ import annotations

import gc
import sys

import pytest

from ontologies import Release, remembering
from ontologies.remembering import LONGEST, remembered


class Asked(list[str]):
    """What was looked up, in order."""

    def find(self, text: str) -> str:
        self.append(text)
        return text.upper()


def test_text_is_looked_up_once() -> None:
    asked = Asked()
    recall = remembered(asked.find)

    assert [recall("seizure"), recall("seizure")] == ["SEIZURE", "SEIZURE"]
    assert asked == ["seizure"]


def test_long_text_is_never_kept() -> None:
    asked = Asked()
    recall = remembered(asked.find)

    assert recall("x" * (LONGEST + 1)) == recall("x" * (LONGEST + 1))
    assert len(asked) == 2


def test_fewer_are_kept_where_that_is_asked_for() -> None:
    asked = Asked()
    recall = remembered(asked.find, most=1)

    assert [recall(text) for text in ("a", "b", "a")] == ["A", "B", "A"]
    assert asked == ["a", "b", "a"]


def test_endless_texts_push_each_other_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "MOST", 10)
    asked = Asked()
    recall = remembered(asked.find)

    for number in range(11):
        recall(str(number))
    recall("10")
    recall("0")

    assert asked[-2:] == ["10", "0"]
    assert len(asked) == 12


def test_endless_unknown_ids_do_not_fill_the_memory(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembering, "MOST", 10)
    ontology = type(release.ontology).open(release.folder / "ontology")
    gc.collect()
    before = sys.getallocatedblocks()

    for number in range(5000):
        ontology.resolve(f"unknown {number}")

    gc.collect()
    assert sys.getallocatedblocks() - before < 2000

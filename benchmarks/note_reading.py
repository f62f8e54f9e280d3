"""How well terms and their status are read from clinical notes: one command, one file.

    python benchmarks/note_reading.py PATH

The file is JSON, a list of `{"id", "text", "expected": {term id: status}}`. A term counts as
right only with its status. `--differences` lists what was missed and what was too much.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from ontologies import open_release
from ontologies.notes.context import Status
from ontologies.lookup import TermLookup
from ontologies.notes.reader import NoteReader

Found = set[tuple[str, str]]


def f1(right: int, missed: int, too_much: int) -> float:
    """The harmonic mean of precision and recall; 1 where there was nothing to find."""
    return (
        2 * right / (2 * right + missed + too_much)
        if right or missed or too_much
        else 1.0
    )


def is_grave(found: tuple[str, str], expected: Found) -> bool:
    """Whether a finding offered as observed is one that the patient has not."""
    term_id, status = found
    others = {known for other, known in expected if other == term_id}
    return status == Status.OBSERVED and bool(others & {Status.EXCLUDED, Status.FAMILY})


def main() -> None:
    """Print the figures for each note and for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--differences", action="store_true")
    arguments = parser.parse_args()
    release = open_release()
    label = release.ontology.label
    reader = NoteReader(
        release.ontology, TermLookup(release.ontology, release.annotations)
    )
    right = missed = too_much = grave = 0
    for note in json.loads(arguments.path.read_text("utf-8")):
        start = perf_counter()
        found: Found = {(t.term_id, str(t.status)) for t in reader.read(note["text"])}
        took = 1000 * (perf_counter() - start)
        expected: Found = set(note["expected"].items())
        counts = len(found & expected), len(expected - found), len(found - expected)
        right, missed, too_much = (
            a + b for a, b in zip((right, missed, too_much), counts)
        )
        grave += sum(is_grave(each, expected) for each in found - expected)
        print(f"{note['id']}: F1 {f1(*counts):.3f}, {took:.0f} ms")
        if arguments.differences:
            for term_id, status in sorted(expected - found):
                print(f"  missed: {term_id} {label(term_id)}, {status}")
            for term_id, status in sorted(found - expected):
                print(f"  too much: {term_id} {label(term_id)}, {status}")
    print(f"all: F1 {f1(right, missed, too_much):.3f}")
    print(f"excluded or of a relative, but offered as observed: {grave}")


if __name__ == "__main__":
    main()

"""How much of a node's cases a peer sees in a day with made-up questions.

    python benchmarks/attack_enumeration.py PATH [--cases N] [--questions N] [--json FILE]

The attacker knows the public catalogue of diseases and nothing of the node: each question is
three terms of a disease drawn by chance. It is asked over HTTP on loopback, once with the daily
budget and the limit of nearly equal questions off, once as a node is set up at first.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from rich.console import Console
from rich.table import Table

from benchmarks.target_node import OFF, ON, Guards, attacked, quiet
from benchmarks.target_node import shared_with_peers
from matcher import Case, read_cases
from matcher.case import Sharing
from ontologies import Release, open_release

SEED = 7
TERMS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the attacker saw of so many cases in one day."""

    guards: str
    cases: int
    seen: int
    questions: int
    refused: int


def questions(release: Release, seed: int) -> Iterator[tuple[str, ...]]:
    """Without end, three terms of a disease drawn by chance."""
    chance = random.Random(seed)
    annotations = release.annotations
    while True:
        disease = chance.choice(annotations.disease_ids)
        terms = sorted({each.term_id for each in annotations.observed(disease)})
        if len(terms) >= TERMS:
            yield tuple(chance.sample(terms, TERMS))


def enumerate_cases(
    release: Release, cases: Sequence[Case], guards: Guards, count: int
) -> Seen:
    """Ask so many questions and count the different cases in the answers."""
    seen: set[str] = set()
    with attacked(release, cases, guards) as attacker:
        for terms in islice(questions(release, SEED), count):
            results = attacker.ask(terms) or []
            seen.update(result["patient"]["id"] for result in results)
        return Seen(
            guards=guards.name,
            cases=len(cases),
            seen=len(seen),
            questions=attacker.asked,
            refused=attacker.refused,
        )


def main() -> None:
    """Print what was seen with the guards off and on."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    said = parser.parse_args()
    quiet()
    release = open_release()
    published = list(read_cases(said.path))
    drawn = random.Random(SEED).sample(published, min(said.cases, len(published)))
    cases = shared_with_peers(drawn, Sharing.EXCHANGE_1)
    found = [
        enumerate_cases(release, cases, guards, said.questions) for guards in (OFF, ON)
    ]
    Console().print(table_of(found))
    if said.json:
        said.json.write_text(json.dumps([asdict(each) for each in found], indent=1))


def table_of(found: Sequence[Seen]) -> Table:
    """One line for each state of the guards."""
    table = Table(title="Different cases that a peer saw in a day")
    for heading in ("guards", "cases", "questions", "refused", "seen", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in found:
        numbers = (each.cases, each.questions, each.refused, each.seen)
        share = each.seen / each.cases
        table.add_row(each.guards, *(f"{n:,}" for n in numbers), f"{share:.1%}")
    return table


if __name__ == "__main__":
    main()

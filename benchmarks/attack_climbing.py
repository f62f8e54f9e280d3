"""How many terms of a case a peer learns from the scores of many small changes to a question.

    python benchmarks/attack_climbing.py PATH [--cases N] [--targets N] [--pool N] [--minutes N]
                                            [--json FILE]

The attacker knows three terms of a case and climbs: it adds one term after the other, those
first that published cases have most often, and keeps each that raises what the answer says of
the case (score, factor of the phenotype, coverage). Of the message it reads these numbers alone,
never the features that stand beside them, which is how much the numbers tell. Asked over HTTP on
loopback, once with the daily limits off, once as a node is set up at first, within one day. No
further case is begun after so many minutes, and the guards then meet as many as were climbed
without them; how far it is stands on the error output.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from rich.console import Console
from rich.table import Table

from benchmarks.collection import profile
from benchmarks.target_node import OFF, ON, Attacker, Guards, attacked
from benchmarks.target_node import quiet, shared_with_peers
from matcher import Case, read_cases
from matcher.case import Sharing
from ontologies import Ontology, Release, open_release

SEED = 7
KNOWN = 3
# A case with fewer has nothing worth climbing for.
FEWEST = 8

Height = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Climbed:
    """What was learned of the targets in one day; `wrong` terms were taken for theirs."""

    guards: str
    targets: int
    questions: int
    refused: int
    hidden: int
    recovered: int
    wrong: int


def climb(
    release: Release,
    cases: Sequence[Case],
    guards: Guards,
    targets: int,
    pool: int,
    *,
    most: int | None = None,
    minutes: float = math.inf,
    tell: Callable[[str], object] = lambda said: None,
) -> Climbed:
    """Climb to so many of the cases by the most usual terms, each tried once.

    At least one is climbed to, and no further one is begun after so many minutes. `most` is how
    many of the same ones another run reached.
    """
    ontology = release.ontology
    profiles = {each.case_id: profile(each.observed, ontology) for each in cases}
    usual = Counter(term for terms in profiles.values() for term in terms)
    candidates = [term for term, _ in usual.most_common(pool)]
    chance = random.Random(SEED)
    eligible = [i for i, terms in profiles.items() if len(terms) >= FEWEST]
    hidden_terms = recovered = wrong = climbed = 0
    chosen = chance.sample(sorted(eligible), min(targets, len(eligible)))
    start = time.monotonic()
    with attacked(release, cases, guards) as attacker:
        for climbed, case_id in enumerate(chosen[:most], 1):
            terms = profiles[case_id]
            known = chance.sample(terms, KNOWN)
            hidden = set(terms) - set(known)
            learned = taken(attacker, case_id, known, candidates, ontology)
            hidden_terms += len(hidden)
            recovered += len(hidden & learned)
            wrong += len(learned - hidden)
            taken_so_far = (time.monotonic() - start) / 60
            tell(
                f"guards {guards.name}: {climbed} of {len(chosen)} cases, "
                f"{attacker.asked:,} questions, {taken_so_far:.1f} minutes"
            )
            if taken_so_far >= minutes:
                break
        return Climbed(
            guards=guards.name,
            targets=climbed,
            questions=attacker.asked,
            refused=attacker.refused,
            hidden=hidden_terms,
            recovered=recovered,
            wrong=wrong,
        )


def taken(
    attacker: Attacker,
    case_id: str,
    known: Sequence[str],
    candidates: Sequence[str],
    ontology: Ontology,
) -> set[str]:
    """The terms that the attacker takes for those of the case."""
    profile, learned = list(known), set[str]()
    height = _height(attacker.ask(profile), case_id)
    for term in candidates:
        if any(term in ontology.ancestors(each) for each in profile):
            continue
        results = attacker.ask([*profile, term])
        if results is None:
            continue
        reached = _height(results, case_id)
        if reached > height:
            profile.append(term)
            learned.add(term)
            height = reached
    return learned


def _height(results: list[dict[str, Any]] | None, case_id: str) -> Height:
    """Everything that an answer says of the case in numbers; lower where it is missing."""
    for result in results or []:
        if result["patient"]["id"] == case_id:
            coverage = result["_coverage"].get("theirs", 0.0)
            factor = result["_factors"].get("phenotype", 0.0)
            return (result["score"]["patient"], factor, coverage)
    return ()


def main() -> None:
    """Print what was learned with the guards off and on."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--targets", type=int, default=40)
    parser.add_argument("--pool", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--json", type=Path)
    said = parser.parse_args()
    quiet()
    release = open_release()
    published = list(read_cases(said.path))
    drawn = random.Random(SEED).sample(published, min(said.cases, len(published)))
    cases = shared_with_peers(drawn, Sharing.EXCHANGE_1)
    tell = Console(stderr=True).print
    off = climb(
        release, cases, OFF, said.targets, said.pool, minutes=said.minutes, tell=tell
    )
    on = climb(release, cases, ON, said.targets, said.pool, most=off.targets, tell=tell)
    found = [off, on]
    Console().print(table_of(found))
    if said.json:
        said.json.write_text(json.dumps([asdict(each) for each in found], indent=1))


def table_of(found: Sequence[Climbed]) -> Table:
    """One line for each state of the guards."""
    table = Table(title="Hidden terms that a peer learned in a day")
    headings = ("guards", "targets", "questions", "refused", "hidden", "recovered")
    for heading in (*headings, "wrong", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in found:
        numbers = (each.targets, each.questions, each.refused, each.hidden)
        told = (*numbers, each.recovered, each.wrong)
        share = each.recovered / max(1, each.hidden)
        table.add_row(each.guards, *(f"{n:,}" for n in told), f"{share:.1%}")
    return table


if __name__ == "__main__":
    main()

"""The groups of a cohort as text for people, as JSON, or as rows of CSV."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from matcher.case import Case
from matcher.cohort import Cohort, Group
from matcher.cohort.common_profile import DistinctiveTerm, SharedTerm
from matcher.cohort.groups import SharedGene
from matcher.readers.fields import printable
from web.cli.cases.spreadsheet import csv_line, harmless

WIDTH = 96
# JSON holds all of them.
MOST_TERMS = 10
COLUMNS = (
    "group",
    "case_id",
    "site",
    "firmness",
    "group_firmness",
    "genes",
    "in_common",
    "sets_apart",
)


def as_json(cohort: Cohort, cases: Sequence[Case]) -> Iterator[str]:
    """One object on a line: everything that is known of all groups."""
    told = cohort.to_json()
    text = json.dumps(told, ensure_ascii=False, allow_nan=False)
    # Escaped, what a terminal would obey is the same text.
    yield text if text.isprintable() else json.dumps(told, allow_nan=False)


def as_csv(cohort: Cohort, cases: Sequence[Case]) -> Iterator[str]:
    """A header, then a row a case that is in a group."""
    site_of = {case.case_id: case.site or "" for case in cases}
    yield csv_line(COLUMNS)
    for number, group in enumerate(cohort.groups, start=1):
        about = (
            "" if group.firmness is None else group.firmness,
            harmless(" | ".join(gene.symbol for gene in group.genes)),
            harmless(" | ".join(shared.term.label for shared in group.shared)),
            harmless(" | ".join(each.term.label for each in group.distinctive)),
        )
        for case_id in group.case_ids:
            firmness = group.firmness_of.get(case_id, "")
            site = harmless(site_of[case_id])
            yield csv_line([number, harmless(case_id), site, firmness, *about])


def as_table(cohort: Cohort, cases: Sequence[Case]) -> Iterator[str]:
    """What came of it in a sentence, then each group."""
    yield cohort.sentence
    for number, group in enumerate(cohort.groups, start=1):
        yield ""
        yield from _wrapped(f"Group {number}: ", group.sentence)
        yield from _group_lines(group)


def _group_lines(group: Group) -> Iterator[str]:
    yield from _wrapped("  Cases: ", ", ".join(map(printable, group.case_ids)))
    yield from _wrapped("  Sites: ", _counts(group.sites))
    yield from _wrapped("  Diagnoses: ", _counts(group.diagnoses))
    yield from _wrapped("  Genes: ", "; ".join(map(_gene, group.genes)))
    if group.firmness is not None:
        yield f"  Firmness: two of them stay together in {group.firmness:.0%} of resamples"
    yield from _listed("  In common:", map(_shared, group.shared))
    yield from _listed("  What sets them apart:", map(_distinctive, group.distinctive))


def _wrapped(title: str, text: str) -> Iterator[str]:
    """A paragraph behind its title, and nothing if there is no text."""
    if text:
        yield from textwrap.wrap(
            printable(text),
            WIDTH,
            initial_indent=title,
            subsequent_indent=" " * 4,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _listed(title: str, lines: Iterable[str]) -> Iterator[str]:
    told = list(lines)
    if told:
        yield title
    yield from (f"    {line}" for line in told[:MOST_TERMS])
    if len(told) > MOST_TERMS:
        yield f"    and {len(told) - MOST_TERMS} more, which --format json tells"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts.items())


def _gene(gene: SharedGene) -> str:
    return f"{gene.symbol} (listed by {gene.cases} of them, {gene.elsewhere} others)"


def _shared(shared: SharedTerm) -> str:
    seen = f"seen in 1 of {max(1, round(shared.one_in)):,} diseases"
    return f"{shared.cases} of {shared.of}: {shared.term.label}, {seen}"


def _distinctive(each: DistinctiveTerm) -> str:
    return (
        f"{each.cases} of {each.of} against {each.elsewhere:,} of {each.of_elsewhere:,} "
        f"elsewhere: {each.term.label} (corrected p {each.q_value:.1g})"
    )


WRITERS: Mapping[str, Callable[[Cohort, Sequence[Case]], Iterator[str]]] = (
    MappingProxyType({"table": as_table, "json": as_json, "csv": as_csv})
)

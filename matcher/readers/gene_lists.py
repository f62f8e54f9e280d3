"""Which genes a list names: one a line, or parted by commas, semicolons, tabs or blanks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.errors import TooManyValues

if TYPE_CHECKING:
    from ontologies import Release
    from ontologies.genes import Gene, GeneResolution

MOST_GENES = 2_000
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class GeneList:
    """The genes of a list, each once; names of several genes and of none stand apart."""

    genes: tuple[Gene, ...]
    ambiguous: tuple[GeneResolution, ...]
    unknown: tuple[str, ...]


def read_gene_list(text: str, release: Release) -> GeneList:
    """The genes that a text names, in its order; a line that begins with # is a remark."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    names = list(dict.fromkeys(re.findall(r"[^\s,;|]+", "\n".join(lines))))
    if len(names) > MOST_GENES:
        raise TooManyValues(MOST_GENES, "names of genes")
    found = [release.genes.resolve(name[:LONGEST_NAME]) for name in names]
    genes = {each.gene.hgnc_id: each.gene for each in found if each.gene}
    return GeneList(
        genes=tuple(genes.values()),
        ambiguous=tuple(each for each in found if not each.gene and each.candidates),
        unknown=tuple(e.entered for e in found if not e.gene and not e.candidates),
    )

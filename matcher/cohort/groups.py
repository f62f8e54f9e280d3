"""What is told of a group of alike cases, and of all groups of a cohort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from matcher import __version__
from matcher.cohort.common_profile import DistinctiveTerm, SharedTerm
from matcher.cohort.graph import EdgeRule
from matcher.wording import listing

_NUMBERS = tuple(
    "no one two three four five six seven eight nine ten eleven twelve".split()
)
METHODS: Mapping[str, str] = MappingProxyType(
    {
        "groups: Louvain communities": "10.1088/1742-5468/2008/10/P10008",
        "groups taken apart where not connected": "10.1038/s41598-019-41695-z",
        "firmness: resampling": "10.1016/j.csda.2006.11.025",
        "distinctive terms: hypergeometric test": "10.1093/bioinformatics/btl633",
        "distinctive terms: false discovery rate": "10.1111/j.2517-6161.1995.tb02031.x",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedGene:
    """A candidate gene that several cases of a group list, and how many others do."""

    hgnc_id: str
    symbol: str
    cases: int
    elsewhere: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Cases that look alike. `families` counts a case of no named family as one of its own.

    `firmness` is the share of resamples in which two of the cases stay together, `firmness_of`
    that of each case; None if nothing was resampled. `ties` is the number of confident matches
    between them, `diagnoses` how many have each confirmed disease.
    """

    case_ids: tuple[str, ...]
    ties: int
    families: int
    sites: dict[str, int]
    diagnosed: int
    diagnoses: dict[str, int]
    simulated: int
    shared: tuple[SharedTerm, ...]
    distinctive: tuple[DistinctiveTerm, ...]
    genes: tuple[SharedGene, ...]
    firmness: float | None
    firmness_of: dict[str, float]

    @property
    def sentence(self) -> str:
        """Such as "Five cases at three sites with no diagnosis look alike." """
        return f"{self.headline}.{self._gene_sentence}"

    @property
    def headline(self) -> str:
        """The same without a stop, and without the genes that they list."""
        count = len(self.case_ids)
        text = f"{_number(count).capitalize()} cases{self._where}"
        if self.families < count:
            families = f"{_number(self.families)} famil"
            text += f" of {families}{'y' if self.families == 1 else 'ies'}"
        if not self.diagnosed:
            text += " with no diagnosis"
        elif self.diagnosed == count:
            text += ", all with a diagnosis,"
        else:
            text += f", {_number(self.diagnosed)} of them with a diagnosis,"
        return f"{text} look alike"

    @property
    def _where(self) -> str:
        if not self.sites:
            return ""
        return (
            f" at {_number(len(self.sites))} site{'s' if len(self.sites) > 1 else ''}"
        )

    @property
    def _gene_sentence(self) -> str:
        if not self.genes:
            return ""
        most = self.genes[0].cases
        symbols = [gene.symbol for gene in self.genes if gene.cases == most]
        who = "All" if most == len(self.case_ids) else _number(most).capitalize()
        return f" {who} of them list {listing(symbols)}."

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            **asdict(self),
            "sentence": self.sentence,
            "shared": [term.to_json() for term in self.shared],
            "distinctive": [term.to_json() for term in self.distinctive],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """All groups of a set of cases, largest first, and what they were found by.

    Groups of fewer than `smallest` cases are left out; `largest` is the size of the largest that
    was found, left out or not.
    """

    cases: int
    ties: int
    groups: tuple[Group, ...]
    rule: EdgeRule
    resolution: float
    seed: int
    resamples: int
    release_id: str
    smallest: int = 2
    largest: int = 0
    version: str = __version__

    @property
    def grouped(self) -> int:
        """How many cases belong to a group."""
        return sum(len(group.case_ids) for group in self.groups)

    @property
    def sentence(self) -> str:
        """What came of it, also where there was nothing to find."""
        if self.cases < 2:
            return f"There {'is one case' if self.cases else 'is no case'}: nothing to compare."
        if self.largest and not self.groups:
            return (
                f"No group has {_number(self.smallest)} cases or more: the largest of the "
                f"{self.cases:,} cases has {_number(self.largest)}."
            )
        if not self.groups:
            return (
                f"No two of the {self.cases:,} cases are confidently the same disorder."
            )
        text = f"{self.grouped:,} of {self.cases:,} cases form {_number(len(self.groups))} group"
        text += "s." if len(self.groups) > 1 else "."
        if len(self.groups[0].case_ids) == self.cases:
            text += " There is no case outside, so nothing sets it apart."
        return text

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values, with the sources of the methods."""
        return {
            "sentence": self.sentence,
            "cases": self.cases,
            "grouped": self.grouped,
            "ties": self.ties,
            "groups": [group.to_json() for group in self.groups],
            "rule": asdict(self.rule),
            "resolution": self.resolution,
            "seed": self.seed,
            "resamples": self.resamples,
            "smallest": self.smallest,
            "largest": self.largest,
            "release": self.release_id,
            "secondcase": self.version,
            "methods": {name: f"doi:{doi}" for name, doi in METHODS.items()},
        }


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"

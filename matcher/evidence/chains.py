"""Where a position of one genome assembly lies in another, read from a UCSC chain file."""

from __future__ import annotations

import gzip
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from matcher.errors import MatcherError
from matcher.evidence.variants import chromosome_name


class BadChainFile(MatcherError):
    """A file that was set as chain file and is none."""

    def __init__(self, path: Path, line: int, found: str) -> None:
        super().__init__(
            f"Line {line} of {str(path)!r} is {found[:60]!r}, which no UCSC chain file has; "
            "the setting needs one such as hg19ToHg38.over.chain.gz."
        )


class Block(NamedTuple):
    """A stretch without gaps: `start` to `end` (0-based, half open) moves by `shift`."""

    start: int
    end: int
    shift: int


class ChainFile:
    """Positions of one assembly in another, for alignments on the same chromosome and strand.

    Where several chains cover a position, the one with the best score counts. A position that
    moved to another chromosome or strand has no counterpart: its alleles would read differently.
    """

    def __init__(self, blocks: dict[str, list[Block]]) -> None:
        self._blocks = blocks
        self._starts = {
            name: [b.start for b in found] for name, found in blocks.items()
        }

    @classmethod
    def open(cls, path: Path) -> ChainFile:
        """The chains of a file, gzipped or not; BadChainFile says which line is wrong."""
        read = (
            gzip.open(path, "rt")
            if path.suffix == ".gz"
            else path.open(encoding="ascii")
        )
        with read as lines:
            chains = sorted(_chains(path, lines), key=lambda chain: -chain.score)
        blocks: dict[str, list[Block]] = {}
        for chain in chains:
            taken = blocks.setdefault(chain.chromosome, [])
            taken.extend(_not_covered(chain.blocks, sorted(taken)))
        return cls({name: sorted(found) for name, found in blocks.items()})

    def lift(self, chromosome: str, position: int) -> int | None:
        """The position, 1-based, of a 1-based one; None where it has no counterpart."""
        starts = self._starts.get(chromosome, [])
        before = bisect_right(starts, position - 1) - 1
        if before < 0:
            return None
        block = self._blocks[chromosome][before]
        return position + block.shift if position <= block.end else None


@dataclass(frozen=True, slots=True)
class _Chain:
    score: int
    chromosome: str
    blocks: tuple[Block, ...]


def _chains(path: Path, lines: Iterable[str]) -> Iterator[_Chain]:
    """The chains that stay on their chromosome and strand."""
    numbered = enumerate(lines, start=1)
    for number, line in numbered:
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split()
        try:
            (
                keyword,
                score,
                name,
                _,
                strand,
                start,
                _,
                to,
                _,
                to_strand,
                to_start,
                *_,
            ) = fields
            ours, theirs = int(start), int(to_start)
            blocks = tuple(_blocks(path, numbered, ours, theirs))
            chain = _Chain(int(score), chromosome_name(name), blocks)
        except ValueError:
            raise BadChainFile(path, number, line.strip()) from None
        if keyword != "chain":
            raise BadChainFile(path, number, line.strip())
        if strand == to_strand == "+" and chromosome_name(to) == chain.chromosome:
            yield chain


def _blocks(
    path: Path, lines: Iterator[tuple[int, str]], ours: int, theirs: int
) -> Iterator[Block]:
    """The blocks up to the line that has no gap after it."""
    for number, line in lines:
        try:
            size, *gaps = map(int, line.split())
            yield Block(ours, ours + size, theirs - ours)
            if not gaps:
                return
            ours_gap, theirs_gap = gaps
        except ValueError:
            raise BadChainFile(path, number, line.strip()) from None
        ours, theirs = ours + size + ours_gap, theirs + size + theirs_gap


def _not_covered(blocks: Iterable[Block], taken: list[Block]) -> Iterator[Block]:
    """What of the blocks does not lie within a better chain's."""
    ends = [block.end for block in taken]
    for block in blocks:
        start = block.start
        for better in taken[bisect_right(ends, start) :]:
            if better.start >= block.end:
                break
            if start < better.start:
                yield Block(start, better.start, block.shift)
            start = max(start, better.end)
        if start < block.end:
            yield Block(start, block.end, block.shift)

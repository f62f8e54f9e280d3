"""Positions through a chain file small enough to follow by eye."""

import gzip

import pytest

from matcher.evidence.chains import BadChainFile, ChainFile

# 0-based, half open: chr1 100-150 to 1100-1150, 160-200 to 1155-1195; the second chain is
# weaker and covers 120-300 too; the last two leave their chromosome or strand.
CHAINS = """\
# a comment
chain 900 chr1 1000 + 100 200 chr1 2000 + 1100 1195 1
50\t10\t5
40

chain 100 chr1 1000 + 120 300 chr1 2000 + 500 680 2
180

chain 800 chr2 1000 + 0 50 chr3 1000 + 0 50 3
50

chain 800 chr3 1000 + 0 50 chr3 1000 - 0 50 4
50
"""


@pytest.fixture
def chains(tmp_path):
    path = tmp_path / "small.chain"
    path.write_text(CHAINS)
    return ChainFile.open(path)


@pytest.mark.parametrize(
    ("position", "lifted"),
    [
        (100, None),
        (101, 1101),
        (150, 1150),
        (161, 1156),
        (200, 1195),
    ],
)
def test_position_moves_with_its_block(chains, position, lifted):
    assert chains.lift("1", position) == lifted


@pytest.mark.parametrize(
    ("position", "lifted"), [(151, 531), (160, 540), (201, 581), (300, 680)]
)
def test_weaker_chain_counts_only_where_no_better_one_does(chains, position, lifted):
    assert chains.lift("1", position) == lifted


@pytest.mark.parametrize(
    ("chromosome", "position"), [("1", 301), ("2", 10), ("3", 10), ("X", 10)]
)
def test_position_without_a_counterpart(chains, chromosome, position):
    assert chains.lift(chromosome, position) is None


def test_chain_file_may_be_compressed(tmp_path):
    path = tmp_path / "small.chain.gz"
    path.write_bytes(gzip.compress(CHAINS.encode()))
    assert ChainFile.open(path).lift("1", 101) == 1101


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hello\n", 1),
        ("chain x chr1 1000 + 100 200 chr1 2000 + 1100 1195 1\n50\n", 1),
        ("track 900 chr1 1000 + 100 200 chr1 2000 + 1100 1195 1\n50\n", 1),
        ("chain 900 chr1 1000 + 100 200 chr1 2000 + 1100 1195 1\n50 10\n", 2),
        ("chain 900 chr1 1000 + 100 200 chr1 2000 + 1100 1195 1\nfifty\n", 2),
    ],
)
def test_file_that_is_no_chain_file_is_refused_by_line(tmp_path, text, line):
    path = tmp_path / "other.chain"
    path.write_text(text)
    with pytest.raises(BadChainFile, match=f"Line {line} of .*hg19ToHg38"):
        ChainFile.open(path)

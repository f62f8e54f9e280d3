"""What every test may use: the real release, and a slice of it small enough to draw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from ontologies.annotations import DiseaseAnnotations, build_annotations
from ontologies.files.fetching import fetch
from ontologies.information_content import (
    InformationContent,
    build_information_content,
)
from ontologies.library import data_directory, fetch_release
from ontologies.files.loading import load_ontology
from ontologies.ontology import Ontology
from ontologies.release import Release
from ontologies.files.sources import read_catalogue

# HP:0000001 All
# ├ HP:0000118 Phenotypic abnormality
# │ ├ HP:0000707 Abnormality of the nervous system
# │ │ └ HP:0012638 Abnormal nervous system physiology
# │ │   └ HP:0001250 Seizure
# │ │     ├ HP:0002197 Generalized-onset seizure
# │ │     └ HP:0007359 Focal-onset seizure
# │ └ HP:0001507 Growth abnormality
# │   ├ HP:0000002 Abnormality of body height ─┐
# │   └ HP:0001510 Growth delay ───────────────┴ HP:0004322 Short stature
# ├ HP:0000005 Mode of inheritance
# │ └ HP:0034345 Mendelian inheritance
# │   ├ HP:0000006 Autosomal dominant inheritance
# │   └ HP:0000007 Autosomal recessive inheritance
# └ HP:0012823 Clinical modifier
#   └ HP:0031797 Clinical course
#     └ HP:0003674 Onset
#       └ HP:0003577 Congenital onset
# obsolete: HP:0040168, replaced by HP:0007359; HP:0003494, consider HP:0000005
SLICE = frozenset(
    "HP:0000001 HP:0000118 HP:0000707 HP:0012638 HP:0001250 HP:0002197 HP:0007359 HP:0001507"
    " HP:0000002 HP:0001510 HP:0004322 HP:0000005 HP:0034345 HP:0000006 HP:0000007 HP:0012823"
    " HP:0031797 HP:0003674 HP:0003577 HP:0040168 HP:0003494".split()
)

# Eight OMIM diseases count. Those at or below each term, and so its information content:
#   4 of 8, ln 2     nervous system, its physiology, growth abnormality
#   3 of 8, ln 8/3   growth delay, body height
#   2 of 8, ln 4     seizure, short stature
#   1 of 8, ln 8     focal, generalized; and every term of no disease at all
#   8 of 8, 0        phenotypic abnormality, all
ANNOTATIONS = """\
#description: made by hand for these tests
#version: 2026-06-06
database_id|disease_name|qualifier|hpo_id|reference|evidence|onset|frequency|sex|modifier|aspect|biocuration
OMIM:100001|First||HP:0007359|PMID:1;PMID:2|PCS|HP:0003577|3/4|||P|HPO:hand
OMIM:100001|First||HP:0000006|PMID:1|PCS|||||I|HPO:hand
OMIM:100002|Second||HP:0002197|PMID:2|PCS||40%|||P|HPO:hand
OMIM:100003|Third||HP:0012638|PMID:3|PCS||HP:0040281|||P|HPO:hand
OMIM:100003|Third||HP:0001250|PMID:3|PCS||0/5|||P|HPO:hand
OMIM:100004|Fourth||HP:0012638|PMID:4|PCS|||||P|HPO:hand
OMIM:100004|Fourth|NOT|HP:0001250|PMID:4|PCS|||||P|HPO:hand
OMIM:100005|Fifth||HP:0004322|PMID:5|PCS||2/2|||P|HPO:hand
OMIM:100006|Sixth||HP:0004322|PMID:6|PCS||1/2|||P|HPO:hand
OMIM:100006|Sixth||HP:0004322|PMID:7|PCS||1/3|||P|HPO:hand
OMIM:100007|Seventh||HP:0001510|PMID:8|PCS|||||P|HPO:hand
OMIM:100008|Eighth||HP:0000002|PMID:9|PCS|||||P|HPO:hand
OMIM:100009|Only excluded|NOT|HP:0004322|PMID:9|PCS|||||P|HPO:hand
ORPHA:101|Not of OMIM||HP:0040168|ORPHA:101|TAS|||||P|ORPHA:orphadata
""".replace("|", "\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class HpoSlice:
    """The slice drawn above, as files and as what is made of them."""

    ontology_path: Path
    annotations_path: Path
    ontology: Ontology
    annotations: DiseaseAnnotations
    information_content: InformationContent


settings.register_profile(
    # A busy machine is no failure, and the same commit gives the same result.
    "everyday",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "full", settings.get_profile("everyday"), derandomize=False, max_examples=2_000
)


def pytest_configure(config: pytest.Config) -> None:
    """Take bounded samples, or many with the switch for the long versions."""
    settings.load_profile("full" if config.getoption("--full") else "everyday")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch for the long versions."""
    parser.addoption("--full", action="store_true", help="run the long versions too")


def pytest_make_parametrize_id(val: object) -> str | None:
    """The same name in every process: a gzipped file holds the second in which it was made."""
    is_gzipped = isinstance(val, bytes) and val.startswith(b"\x1f\x8b")
    return "gzipped" if is_gzipped else None


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Skip what is marked `full` unless it was asked for."""
    if config.getoption("--full"):
        return
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(pytest.mark.skip(reason="long version, run with --full"))


@pytest.fixture(scope="session")
def release() -> Release:
    """The current release of real data; fetched and compiled by whichever worker is first."""
    return fetch_release(make_active=False).release


@pytest.fixture(scope="session")
def hpo_path() -> Path:
    """The file of the current ontology as it was fetched."""
    source = read_catalogue().sources["hpo-2026-06-06"]
    return fetch(source, data_directory()).path


@pytest.fixture(scope="session")
def hpo_slice(hpo_path: Path, tmp_path_factory: pytest.TempPathFactory) -> HpoSlice:
    """A few real terms with annotations whose numbers are worked out above."""
    folder = tmp_path_factory.mktemp("hpo-slice")
    ontology_path = folder / "hp.obo"
    ontology_path.write_text("\n".join(_cut(hpo_path)), "utf-8")
    annotations_path = folder / "phenotype.hpoa"
    annotations_path.write_text(ANNOTATIONS, "utf-8")
    ontology = load_ontology(ontology_path).ontology
    annotations = build_annotations(annotations_path, ontology)
    return HpoSlice(
        ontology_path=ontology_path,
        annotations_path=annotations_path,
        ontology=ontology,
        annotations=annotations,
        information_content=build_information_content(ontology, annotations),
    )


def _cut(path: Path) -> Iterator[str]:
    """The header of an OBO file and its stanzas of the slice."""
    header, *stanzas = path.read_text("utf-8").split("\n\n")
    yield f"{header}\n"
    for stanza in stanzas:
        kind, _, rest = stanza.partition("\nid: ")
        if kind == "[Term]" and rest[:10] in SLICE:
            yield f"{stanza}\n"

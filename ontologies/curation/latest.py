"""What the publishers offer now, fetched from their own addresses to be staged like any upload."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from urllib.parse import urlsplit

from ontologies.curation.uploads import Given
from ontologies.errors import UnknownPublisher
from ontologies.files.confinement import Limits
from ontologies.files.fetching import download_unpinned
from ontologies.files.sources import Catalogue, Kind
from ontologies.progress import Progress, silent

EVERYBODY = "all"
# Who publishes what, under addresses at which it is replaced.
PUBLISHED: Mapping[str, Collection[Kind]] = MappingProxyType(
    {
        EVERYBODY: tuple(Kind),
        "hpo": (Kind.HPO, Kind.ANNOTATIONS, Kind.DISEASE_GENES),
        "hgnc": (Kind.GENES,),
        "orphanet": (Kind.DISEASES,),
    }
)


@contextmanager
def latest(
    catalogue: Catalogue,
    publisher: str = EVERYBODY,
    progress: Progress = silent,
    limits: Limits = Limits(),
) -> Iterator[list[Given]]:
    """The newest files of a publisher, until the block ends; FetchFailed where one cannot be had.

    `publisher` is a key of `PUBLISHED`; for another one raises `UnknownPublisher`. Nobody
    vouches for these bytes before they are read, so they are staged as uploads are.
    """
    if publisher not in PUBLISHED:
        raise UnknownPublisher(publisher, PUBLISHED)
    with tempfile.TemporaryDirectory() as folder:
        given = []
        for kind in PUBLISHED[publisher]:
            address = catalogue.latest[kind]
            target = Path(folder) / kind
            download_unpinned(address, target, limits.file_bytes, progress)
            given.append(Given(target, name=PurePosixPath(urlsplit(address).path).name))
        yield given

"""What the publishers offer now, fetched from their own addresses to be staged like any upload."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from ontologies.curation.uploads import Given
from ontologies.files.confinement import Limits
from ontologies.files.fetching import download_unpinned
from ontologies.files.sources import Catalogue, Kind
from ontologies.progress import Progress, silent

# What the publisher replaces under the same address, and in which order it matters.
OFFERED = (Kind.HPO, Kind.ANNOTATIONS, Kind.DISEASE_GENES)


@contextmanager
def latest(
    catalogue: Catalogue,
    kinds: Collection[Kind] = OFFERED,
    progress: Progress = silent,
    limits: Limits = Limits(),
) -> Iterator[list[Given]]:
    """The newest file of each kind, until the block ends; FetchFailed where one cannot be had.

    Nobody vouches for these bytes before they are read, so they are staged as uploads are.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = []
        for kind in kinds:
            address = catalogue.latest[kind]
            target = Path(folder) / kind
            download_unpinned(address, target, limits.file_bytes, progress)
            given.append(Given(target, name=PurePosixPath(urlsplit(address).path).name))
        yield given

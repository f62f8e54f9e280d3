"""Which terms tell more or less with a release, those that shift most first."""

from __future__ import annotations

import numpy as np

from ontologies.curation.differences.changes import Shift
from ontologies.release import Release


def information_shifts(before: Release, after: Release) -> tuple[Shift, ...]:
    """Every term live in both whose information content differs, the largest shift first."""
    old, new = before.ontology, after.ontology
    ids = [term_id for term_id in new.term_ids if term_id in old]
    if not ids:
        return ()
    first = before.information_content.values[[old.rows[i] for i in ids]]
    second = after.information_content.values[[new.rows[i] for i in ids]]
    by = np.abs(second - first)
    order = sorted(np.flatnonzero(by).tolist(), key=lambda n: (-by[n], ids[n]))
    return tuple(
        Shift(ids[n], new.label(ids[n]), float(first[n]), float(second[n]))
        for n in order
    )

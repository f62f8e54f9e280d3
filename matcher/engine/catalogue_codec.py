"""The values of a catalogue as JSON and back, with nothing lost that a score depends on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from matcher.case import Sharing
from matcher.engine.catalogue import Catalogue, Circumstances
from matcher.evidence.prepared import Diagnosis, Mode
from matcher.evidence.variants import Allele

Value = TypeVar("Value")

# Also the names of the catalogue's numberings.
GENES = "genes"
NAMES = (GENES, "families", "onsets", "alleles", "diagnoses", "circumstances")


def encode(values: Mapping[str, Sequence[Any]]) -> bytes:
    """The values of each numbering, in order of their numbers."""
    document = {
        name: [_ENCODERS[name](value) for value in values[name]] for name in NAMES
    }
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def decode(content: bytes) -> Catalogue:
    """The catalogue that numbers the values of `encode` as they were numbered."""
    document = json.loads(content)
    return Catalogue.of(
        {name: list(map(_DECODERS[name], document[name])) for name in NAMES}
    )


def _same(value: Any) -> Any:
    return value


def _allele_fields(allele: Allele) -> list[Any]:
    return [
        allele.gene,
        allele.assembly,
        allele.chromosome,
        allele.start,
        allele.end,
        allele.reference,
        allele.alternate,
        allele.kind,
        sorted(allele.hgvs),
        allele.copies,
        allele.label,
        allele.expression,
    ]


def _allele(fields: Sequence[Any]) -> Allele:
    return Allele(
        gene=fields[0],
        assembly=fields[1],
        chromosome=fields[2],
        start=fields[3],
        end=fields[4],
        reference=fields[5],
        alternate=fields[6],
        kind=fields[7],
        hgvs=frozenset(fields[8]),
        copies=fields[9],
        label=fields[10],
        expression=fields[11],
    )


def _diagnosis_fields(diagnosis: Diagnosis) -> list[Any]:
    return [
        diagnosis.disease_id,
        diagnosis.label,
        sorted(diagnosis.ids),
        diagnosis.trust,
    ]


def _diagnosis(fields: Sequence[Any]) -> Diagnosis:
    disease_id, label, ids, trust = fields
    return Diagnosis(disease_id, label, frozenset(ids), trust)


def _circumstances_fields(circumstances: Circumstances) -> list[Any]:
    modes = [
        [mode.term_id, mode.label, sorted(mode.ancestors)]
        for mode in circumstances.modes
    ]
    return [*circumstances[:5], circumstances.sharing.value, modes]


def _circumstances(fields: Sequence[Any]) -> Circumstances:
    site, submitter, solved, test, simulated, sharing, modes = fields
    return Circumstances(
        site,
        submitter,
        solved,
        test,
        simulated,
        Sharing(sharing),
        tuple(
            Mode(term_id, label, frozenset(above)) for term_id, label, above in modes
        ),
    )


def _each(
    convert: Callable[[Any], Value], into: Callable[[Iterable[Value]], Any]
) -> Callable[[Any], Any]:
    return lambda values: into(map(convert, values))


_ENCODERS: Mapping[str, Callable[[Any], Any]] = {
    GENES: _same,
    "families": _same,
    "onsets": _same,
    "alleles": _each(_allele_fields, list),
    "diagnoses": _each(_diagnosis_fields, list),
    "circumstances": _circumstances_fields,
}
_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    GENES: _same,
    "families": _same,
    "onsets": _same,
    "alleles": _each(_allele, tuple),
    "diagnoses": _each(_diagnosis, tuple),
    "circumstances": _circumstances,
}

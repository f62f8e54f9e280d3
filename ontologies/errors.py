"""What can be wrong with an ontology file, a release, or a question about a term."""

from __future__ import annotations


class OntologyError(Exception):
    """Base of every error of this package. Its text is a sentence for a person."""


class UnknownTerm(OntologyError):
    """A term id that the release does not know."""

    def __init__(self, term_id: str, release: str) -> None:
        super().__init__(
            f"{term_id!r} is not a term of HPO release {release}; "
            "an id looks like HP:0001250 and is found with 'secondcase terms'."
        )
        self.term_id = term_id

"""What terms mean: the Human Phenotype Ontology, its disease annotations, and genes."""

from ontologies.library import fetch_release, open_release
from ontologies.ontology import Ontology
from ontologies.release import Release
from ontologies.notes.reader import NoteReader

__all__ = ["NoteReader", "Ontology", "Release", "fetch_release", "open_release"]

"""What terms mean: the Human Phenotype Ontology, its disease annotations, and genes."""

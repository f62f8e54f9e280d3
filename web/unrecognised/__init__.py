"""Features that came from outside and are no term: gathered for the curators, and decided."""

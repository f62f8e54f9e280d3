"""Answers that are kept: computed again to the last bit, and compared with later ones."""

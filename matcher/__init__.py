"""How alike two cases are, and why; where cases are kept."""

__version__ = "0.1.0"

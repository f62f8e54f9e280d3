"""What can be wrong with a case, a file of cases, or the store they are kept in."""

from __future__ import annotations


class MatcherError(Exception):
    """Base of every error of this package. Its text is a sentence for a person."""

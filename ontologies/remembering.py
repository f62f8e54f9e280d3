"""Results that are asked for again and again, kept without letting strangers fill the memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

# More than the ids and names that the cases of a site use; a stranger's only push others out.
MOST = 1 << 15
# No id and no gene name is longer, and a text as long as a request is never kept.
LONGEST = 64

Result = TypeVar("Result")


def remembered(
    find: Callable[[str], Result], most: int | None = None
) -> Callable[[str], Result]:
    """The same function, its latest results for short texts kept; safe to use from threads.

    `most` is how many are kept, where results are so large that `MOST` are too many.
    """
    known = lru_cache(maxsize=most or MOST)(find)

    def recall(text: str) -> Result:
        return known(text) if len(text) <= LONGEST else find(text)

    return recall

"""How far a long task has come, for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is going on, how much is done and how much there is (0: not known)."""


def silent(task: str, done: int, total: int) -> None:
    """Progress that nobody watches."""

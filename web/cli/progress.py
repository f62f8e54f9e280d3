"""How long work is shown to the person who waits for it: on stderr, never among results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from ontologies.progress import Progress as Told


def console() -> Console:
    """Where a person reads what happens; results go to stdout untouched."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def shown() -> Iterator[Told]:
    """A bar for the task that is told about last, gone when all is done."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    bars: dict[str, TaskID] = {}
    with Progress(*columns, console=console(), transient=True) as progress:

        def tell(task: str, done: int, total: int) -> None:
            if task not in bars:
                for earlier in bars.values():
                    progress.update(earlier, visible=False)
                bars[task] = progress.add_task(task, total=total or None)
            progress.update(
                bars[task], completed=done, total=total or None, visible=True
            )

        yield tell

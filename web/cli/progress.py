"""How long work is shown to the person who waits for it: on stderr, never among results."""

from __future__ import annotations

import time
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

SECONDS_BETWEEN = 0.1


def console() -> Console:
    """Where a person reads what happens; results go to stdout untouched."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def shown() -> Iterator[Told]:
    """A bar for the task that is told about last, gone when all is done.

    It is drawn by whoever tells, at most ten times a second: a thread that draws could hold a
    lock while the process is forked.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    bars: dict[str, TaskID] = {}
    drawn = 0.0
    bar = Progress(*columns, console=console(), transient=True, auto_refresh=False)
    with bar as progress:

        def tell(task: str, done: int, total: int) -> None:
            nonlocal drawn
            if task not in bars:
                for earlier in bars.values():
                    progress.update(earlier, visible=False)
                bars[task] = progress.add_task(task, total=total or None)
            progress.update(
                bars[task], completed=done, total=total or None, visible=True
            )
            if time.monotonic() - drawn > SECONDS_BETWEEN:
                progress.refresh()
                drawn = time.monotonic()

        yield tell

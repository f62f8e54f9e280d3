"""Many calls side by side, each result as it comes, and an end whatever the calls do."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")

THREAD_NAME = "asking"


def fan_out(
    calls: Mapping[Key, Callable[[], Result]], *, seconds: float, threads: int
) -> Iterator[tuple[Key, Result | None]]:
    """Key and result of each call in the order they come; None for one that is not done in time.

    Such a call is left to its own end, for a thread cannot be stopped; whoever asks for the
    results is never held up by it.
    """
    if not calls:
        return
    end = time.monotonic() + seconds
    pool = ThreadPoolExecutor(min(threads, len(calls)), THREAD_NAME)
    waiting: dict[Future[Result], Key] = {}
    # In their order also where several end while the last result is looked at.
    ended: SimpleQueue[Future[Result]] = SimpleQueue()
    try:
        for key, call in calls.items():
            future = pool.submit(call)
            waiting[future] = key
            future.add_done_callback(ended.put)
        while waiting:
            try:
                done = ended.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                break
            yield waiting.pop(done), done.result()
        for key in waiting.values():
            yield key, None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)

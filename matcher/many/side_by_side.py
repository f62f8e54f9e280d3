"""Work done side by side, its results in order and only a few ahead of whoever reads them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from multiprocessing.connection import Connection
from typing import TypeVar

from matcher.errors import MatcherError

Piece = TypeVar("Piece")
Result = TypeVar("Result")

_AHEAD = 2


class ProcessEnded(MatcherError):
    """A process that broke off its share of the work."""

    def __init__(self, code: int | None) -> None:
        super().__init__(
            f"A process that ranked cases ended early (status {code}); if it says nothing above, "
            "it was killed, perhaps for want of memory. Use fewer processes."
        )


def in_threads(
    work: Callable[[Piece], Result], pieces: Sequence[Piece], workers: int
) -> Generator[Result, None, None]:
    """What `work` makes of each piece, in threads."""
    executor = ThreadPoolExecutor(workers)
    remaining = iter(pieces)
    try:
        begun: deque[Future[Result]] = deque(
            executor.submit(work, piece)
            for piece in islice(remaining, _AHEAD * workers)
        )
        while begun:
            done = begun.popleft().result()
            begun.extend(executor.submit(work, piece) for piece in islice(remaining, 1))
            yield done
    finally:
        executor.shutdown(cancel_futures=True)


def in_processes(
    work: Callable[[Piece], Result],
    pieces: Sequence[Piece],
    processes: int,
    own: Sequence[int] = (),
) -> Generator[Result, None, None]:
    """What `work` makes of each piece, in processes forked from this one.

    Each takes every so manieth piece, and waits when its pipe is full. `own` are descriptors
    that are for this process alone, such as of a file that it has locked. Raises ProcessEnded.
    """
    # Forked, as nothing has to be sent to them then: they see what this process sees.
    context = multiprocessing.get_context("fork")
    children = []
    receivers = []
    try:
        for number in range(min(processes, len(pieces))):
            receiver, sender = context.Pipe(duplex=False)
            receivers.append(receiver)
            share = pieces[number::processes]
            child = context.Process(
                target=_send_each,
                args=(work, share, sender, tuple(receivers), own),
                daemon=True,
            )
            child.start()
            children.append(child)
            sender.close()
        for number in range(len(pieces)):
            try:
                yield receivers[number % processes].recv()
            except EOFError:
                child = children[number % processes]
                child.join()
                raise ProcessEnded(child.exitcode) from None
    finally:
        for child in children:
            child.terminate()
            child.join()
        for receiver in receivers:
            receiver.close()


def _send_each(
    work: Callable[[Piece], Result],
    pieces: Sequence[Piece],
    sender: Connection[Result, object],
    receivers: Sequence[Connection[object, Result]],
    own: Sequence[int],
) -> None:
    # Ctrl-C reaches every process of a terminal; the parent ends its own.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Or a process whose parent was killed would wait for itself to read.
    for receiver in receivers:
        receiver.close()
    for descriptor in own:
        os.close(descriptor)
    with contextlib.suppress(BrokenPipeError):
        for piece in pieces:
            sender.send(work(piece))

"""How many questions of one peer are answered at a time, so that no peer stalls the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from web.errors import WebError

AT_A_TIME = 2
RETRY_SECONDS = 1


class TooManyAtOnce(WebError):
    """A peer that asks again before its questions are answered."""

    def __init__(self) -> None:
        super().__init__(
            f"At most {AT_A_TIME} questions of a node are answered at a time; "
            f"send this one again in {RETRY_SECONDS} second."
        )
        self.retry_after = RETRY_SECONDS


class Turns:
    """Counts the questions of each peer that are being answered in this process."""

    def __init__(self) -> None:
        self._asking: Counter[int] = Counter()
        self._lock = Lock()

    @contextmanager
    def taken(self, node_id: int) -> Iterator[None]:
        """Hold one of the peer's turns. Raises `TooManyAtOnce` if it has none left."""
        with self._lock:
            if self._asking[node_id] >= AT_A_TIME:
                raise TooManyAtOnce
            self._asking[node_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._asking[node_id] -= 1

"""Which requests reach a thread: how large, and in what HTTP; none is written to a disk."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error, RequestEntityTooLarge

from web.errors import JSON_PATHS, PROBLEM_PATH, is_below
from web.problems import problem

# So many at a time are held in memory.
MOST_UPLOADS = 8


class Busy(Error):  # type: ignore[misc]  # waitress has no types
    """Too many files are being sent at once."""

    code = 503
    reason = "Service Unavailable"


class TooLarge(RequestEntityTooLarge):  # type: ignore[misc]  # as above
    """A request that is larger than anything its address takes."""

    def __init__(self, path: str, most: int) -> None:
        super().__init__(f"exceeds max_body of {most}")
        self._path = path
        self._sentence = f"The request is too large; send at most {most:,} bytes."

    def to_response(self, ident: str | None = None) -> Told:
        """Status, headers and body, which a program gets as it gets every refusal."""
        return _told(self, self._path, self._sentence)


class Unreadable(Error):  # type: ignore[misc]  # as above
    """What is no HTTP, or more of it than is read."""

    def __init__(self, found: Error, path: str) -> None:
        super().__init__(found.body)
        self.code, self.reason = found.code, found.reason
        self._path = path

    def to_response(self, ident: str | None = None) -> Told:
        """The same as for a request that is too large."""
        return _told(self, self._path, f"{self.reason}: {self.body}.")


Told = tuple[str, list[tuple[str, str]], bytes]


def _told(error: Error, path: str, sentence: str) -> Told:
    if is_below(path, PROBLEM_PATH):
        answer = problem(error.code, sentence)
        kind, body = answer.mimetype or "", answer.get_data()
    elif any(is_below(path, each) for each in JSON_PATHS):
        kind, body = "application/json", json.dumps({"message": sentence}).encode()
    else:
        kind, body = "text/plain; charset=utf-8", sentence.encode()
    return f"{error.code} {error.reason}", [("Content-Type", kind)], body


class Receiver(HTTPRequestParser):  # type: ignore[misc]  # as above
    """Refuses a large request by its header, unless it brings a file to a page that takes one."""

    error: Error | None
    completed: bool
    body_limit = 1_000_000
    # Files come to few pages, from people who are logged in.
    takes_file: Callable[[str], bool] = staticmethod(lambda path: False)
    uploads: weakref.WeakSet[Receiver] = weakref.WeakSet()

    def received(self, data: bytes) -> int:
        """Take some bytes of the request; how many."""
        consumed: int = super().received(data)
        if isinstance(self.error, RequestEntityTooLarge) and self.headers_finished:
            takes_file = self.takes_file(self.path)
            most = self.adj.max_request_body_size if takes_file else self.body_limit
            self.error = TooLarge(self.path, most)
        elif self.error is not None and not isinstance(self.error, OURS):
            self.error = Unreadable(self.error, self._asked_path())
        size = max(self.content_length, self.body_bytes_received)
        if self.headers_finished and self.error is None and size > self.body_limit:
            self.error = self._refusal()
            self.completed = self.completed or self.error is not None
        return consumed

    def _asked_path(self) -> str:
        """The path, also where what follows its line is no HTTP."""
        line = getattr(self, "first_line", b"").split()
        said = line[1] if len(line) > 1 else b""
        return str(said.partition(b"?")[0].decode("latin-1"))

    def _refusal(self) -> Error | None:
        if not self.takes_file(self.path) or "COOKIE" not in self.headers:
            return TooLarge(self.path, self.body_limit)
        if self not in self.uploads and len(self.uploads) >= MOST_UPLOADS:
            return Busy("too many files are sent at once; send it again in a moment")
        self.uploads.add(self)
        return None


OURS = (Busy, TooLarge, Unreadable)


def channel_class(
    body_limit: int, takes_file: Callable[[str], bool]
) -> type[HTTPChannel]:
    """What waitress receives requests with: this limit in bytes for all but files.

    `takes_file` tells of a path, as WSGI writes it, whether a file may come there.
    """
    own = {"body_limit": body_limit, "takes_file": staticmethod(takes_file)}
    receiver = type("LimitedReceiver", (Receiver,), own)
    return type("LimitedChannel", (HTTPChannel,), {"parser_class": receiver})

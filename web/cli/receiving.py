"""How large a request may be before it reaches a thread; none of it is written to a disk."""

from __future__ import annotations

import json
import re
import weakref

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error, RequestEntityTooLarge

from web.errors import JSON_PATHS, PROBLEM_PATH, is_below
from web.problems import problem

# Files come to these pages alone, from people who are logged in.
UPLOAD_PATH = re.compile(r"/cases/import|/cases/[^/]+/genes")
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
        self._most = most

    def to_response(
        self, ident: str | None = None
    ) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status, headers and body, which a program gets as it gets every refusal."""
        sentence = f"The request is too large; send at most {self._most:,} bytes."
        if is_below(self._path, PROBLEM_PATH):
            answer = problem(self.code, sentence)
            kind, body = answer.mimetype or "", answer.get_data()
        elif any(is_below(self._path, each) for each in JSON_PATHS):
            kind, body = "application/json", json.dumps({"message": sentence}).encode()
        else:
            kind, body = "text/plain; charset=utf-8", sentence.encode()
        return f"{self.code} {self.reason}", [("Content-Type", kind)], body


class Receiver(HTTPRequestParser):  # type: ignore[misc]  # as above
    """Refuses a large request by its header, unless it brings a file to a page that takes one."""

    error: Error | None
    completed: bool
    body_limit = 1_000_000
    uploads: weakref.WeakSet[Receiver] = weakref.WeakSet()

    def received(self, data: bytes) -> int:
        """Take some bytes of the request; how many."""
        consumed: int = super().received(data)
        if isinstance(self.error, RequestEntityTooLarge) and self.headers_finished:
            takes_files = UPLOAD_PATH.fullmatch(self.path)
            most = self.adj.max_request_body_size if takes_files else self.body_limit
            self.error = TooLarge(self.path, most)
        size = max(self.content_length, self.body_bytes_received)
        if self.headers_finished and self.error is None and size >= self.body_limit:
            self.error = self._refusal()
            self.completed = self.completed or self.error is not None
        return consumed

    def _refusal(self) -> Error | None:
        if not UPLOAD_PATH.fullmatch(self.path) or "COOKIE" not in self.headers:
            return TooLarge(self.path, self.body_limit)
        if self not in self.uploads and len(self.uploads) >= MOST_UPLOADS:
            return Busy("too many files are sent at once; send it again in a moment")
        self.uploads.add(self)
        return None


def channel_class(body_limit: int) -> type[HTTPChannel]:
    """What waitress receives requests with, where all but files have this limit in bytes."""
    receiver = type("LimitedReceiver", (Receiver,), {"body_limit": body_limit})
    return type("LimitedChannel", (HTTPChannel,), {"parser_class": receiver})

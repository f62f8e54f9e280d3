"""Puts questions beside the requests: a page answers at once, and reads what is kept so far."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import structlog
from flask import Flask, current_app

from matcher.case import Case
from matcher.storage.database import Database, connect
from web.errors import WebError, frames
from web.mme.asking.asker import Asker, Question
from web.mme.asking.wishes import Wishes

EXTENSION = "secondcase-questions"
THREAD = "question"
# Each asks all peers side by side, so that more would only take longer together.
MOST_AT_A_TIME = 8

MakeAsker = Callable[[Database], Asker]

log = structlog.get_logger(__name__)


class TooManyQuestions(WebError):
    """As many cases are asked about now as may be."""

    def __init__(self) -> None:
        super().__init__(
            f"{MOST_AT_A_TIME} cases are asked about at the moment, and no more may be; "
            "nothing was sent. Ask again in half a minute."
        )


class Aside:
    """Questions of one process, each in a thread with a connection of its own.

    `asker_now` gives what asks by the release of the moment; a question that was begun by one
    release is ended by it.
    """

    def __init__(
        self,
        path: Path,
        asker_now: Callable[[], MakeAsker],
        most: int = MOST_AT_A_TIME,
    ) -> None:
        self._path = path
        self._asker_now = asker_now
        self._free = threading.BoundedSemaphore(most)
        self._most = most

    def require_askable(self, db: Database, case: Case) -> None:
        """Raise `NotAskable` if no question about the case would be put."""
        self._asker_now()(db).require_askable(case)

    def ask(
        self,
        db: Database,
        case_id: str,
        *,
        by: str,
        names: Sequence[str] = (),
        wishes: Wishes = Wishes(),
    ) -> None:
        """Record a question over this connection, and leave it to be put.

        Raises `TooManyQuestions`, and what `Asker.begin` raises.
        """
        if not self._free.acquire(blocking=False):
            raise TooManyQuestions
        try:
            make = self._asker_now()
            question = make(db).begin(case_id, by=by, names=names, wishes=wishes)
            threading.Thread(
                target=self._put, args=[question, make], name=THREAD, daemon=True
            ).start()
        except BaseException:
            self._free.release()
            raise

    def wait(self, seconds: float) -> bool:
        """Whether everything that was begun is done, within so many seconds each."""
        held = 0
        for _ in range(self._most):
            held += self._free.acquire(timeout=seconds)
        for _ in range(held):
            self._free.release()
        return held == self._most

    def _put(self, question: Question, make: MakeAsker) -> None:
        try:
            with closing(connect(self._path)) as db:
                for _ in make(db).answers(question):
                    pass
        except Exception as error:
            # Nobody waits for this thread: the page says what it has not heard of.
            name = type(error).__name__
            log.error("question failed", error=name, frames=frames(error))
        finally:
            self._free.release()


def init_app(app: Flask, made: Aside) -> None:
    """Let the requests of an application leave questions."""
    app.extensions[EXTENSION] = made


def aside() -> Aside:
    """Where the current request leaves a question."""
    found: Aside = current_app.extensions[EXTENSION]
    return found

"""Which requests have a session: those of pages. Below /api a cookie counts for nothing."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from web.errors import PROBLEM_PATH


class PageSessions(SecureCookieSessionInterface):
    """The sessions of Flask, but none for callers of the API, who come with a token."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of a page; None lets Flask use an empty one that is never kept."""
        if request.path.startswith(f"{PROBLEM_PATH}/"):
            return None
        return super().open_session(app, request)

"""Which system makes a call, and what its token is good for."""

from __future__ import annotations

from flask import g, request

from web.api.errors import NoAccess, OutOfScope
from web.api.tokens import Scope, Token, Tokens
from web.db import connection

SCHEME = "bearer"


def know_the_system() -> None:
    """Find out who calls, before anything of the request is looked at. Raises `NoAccess`."""
    scheme, _, plain = request.headers.get("Authorization", "").partition(" ")
    known = Tokens(connection()).known(plain.strip())
    if scheme.lower() != SCHEME or known is None:
        raise NoAccess
    g.token = known


def system(scope: Scope) -> Token:
    """The token of this request. Raises `OutOfScope` if it is not good for that."""
    found: Token = g.token
    if not found.has(scope):
        raise OutOfScope
    return found

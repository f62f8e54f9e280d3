"""What can be wrong with a peer, its address or its tokens."""

from __future__ import annotations

from web.errors import WebError


class UnknownNode(WebError):
    """No peer has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no node {name!r}; 'secondcase node list' names them all."
        )


class BadNode(WebError):
    """A peer that cannot be added or changed as described; `field` is what is wrong with it."""

    def __init__(
        self, name: str, why: str, done: str = "added", field: str = "name"
    ) -> None:
        super().__init__(f"The node {name!r} cannot be {done}: {why}.")
        self.field = field


class BadAddress(WebError):
    """An address of a peer that is never asked."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(
            f"{address[:200]!r} is no address of a peer: {why}; right is the base of its "
            "service or its full match address, such as https://peer.example/mme/match."
        )


class NoToken(WebError):
    """A peer that is to be asked, but has given no token."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The node {name!r} has no token for us to send; give the one that it gave you "
            f"with 'secondcase node set {name} --token-file FILE'."
        )


class TokenLost(WebError):
    """A token that was sealed with another key, for another address, or was damaged."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The token of the node {name!r} cannot be opened: secret.key is not the one it was "
            "sealed with, or its row was changed by hand; give the token again with "
            f"'secondcase node set {name} --token-file FILE'."
        )


class TooManyTokens(WebError):
    """A rotation that was begun before the one before it was ended."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The node {name!r} has two good tokens already; when it sends the newer one, end "
            f"the older with 'secondcase node revoke {name} --old', then rotate again."
        )

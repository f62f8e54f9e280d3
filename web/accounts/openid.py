"""Log-in by an OpenID provider: code flow with PKCE, over verified TLS, within a deadline.

The provider is told where to send the person back to and answers with a code; for the code it
gives an ID token, whose signature, issuer, audience, times and nonce are checked before anybody
is let in. Only what the token says of who she is, is taken; it is not kept.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

# authlib has no types.
from authlib.oauth2.rfc6749.parameters import (  # type: ignore[import-untyped]
    prepare_grant_uri,
)
from authlib.oauth2.rfc7636 import (  # type: ignore[import-untyped]
    create_s256_code_challenge,
)
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from web.config import Settings
from web.errors import WebError
from web.mme.asking.calling.authorities import Authorities
from web.mme.asking.calling.connections import Call, Deadline, call
from web.mme.asking.errors import CallFailed

SECONDS = 10.0
MOST_BYTES = 500_000
LEEWAY_SECONDS = 60
KNOWN_SECONDS = 600
# A provider that is down is not waited for again by everybody who comes.
FAILED_SECONDS = 30
# What a public key can verify; never "none", never a secret shared with others.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)


class ProviderFailed(WebError):
    """A provider that did not answer as it has to, and what was wrong."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(
            f"The log-in provider could not be used: {why}. Nobody was logged in; try again, "
            "and tell the operator of your site if it stays so."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What belongs to one log-in from its beginning to its end; kept by the browser alone."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def anew(cls) -> Asked:
        """Three secrets of 256 bits."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state=state, nonce=nonce, verifier=verifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Who the provider says somebody is. `email` is empty unless the provider verified it."""

    issuer: str
    subject: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Where the provider is asked what, as it says itself."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    takes_post: bool


class Provider:
    """The provider of the settings, as one process knows it.

    What it says of itself is asked again after ten minutes, its keys also when one is not known.
    After a failure it is not asked for half a minute. At most half of the threads of a process
    wait for it at a time.
    """

    def __init__(
        self, settings: Settings, clock: Callable[[], float] = time.time
    ) -> None:
        assert settings.openid_issuer and settings.openid_client_id
        self.issuer = settings.openid_issuer
        self.client_id = settings.openid_client_id
        self.back = f"{settings.site_url}/log-in/openid/back"
        self._secret = _secret(settings)
        self._ca_file = settings.openid_ca_file or ""
        self._authorities = Authorities()
        self._authorities.context(self._ca_file)
        self._places = threading.BoundedSemaphore(max(1, settings.threads // 2))
        self._clock = clock
        self._metadata: tuple[float, Metadata] | None = None
        self._failed: tuple[float, str] | None = None

    @property
    def host(self) -> str:
        """The host of the provider, which people know it by."""
        return urlsplit(self.issuer).hostname or self.issuer

    def beginning(self, asked: Asked) -> str:
        """Where the person's browser goes to. Raises `ProviderFailed`."""
        found = self._known()
        if found is None:
            with self._waiting():
                found = self.metadata(Deadline(SECONDS))
        return str(
            prepare_grant_uri(
                found.authorization_endpoint,
                self.client_id,
                "code",
                redirect_uri=self.back,
                scope="openid email",
                state=asked.state,
                nonce=asked.nonce,
                code_challenge=create_s256_code_challenge(asked.verifier),
                code_challenge_method="S256",
            )
        )

    def claims(self, asked: Asked, code: str) -> Claims:
        """Who she is, for the code that she brought back. Raises `ProviderFailed`."""
        with self._waiting():
            said = self._said(asked, code, Deadline(SECONDS))
        is_verified = said.get("email_verified") is True
        email = said.get("email") if is_verified else ""
        return Claims(
            issuer=self.issuer,
            subject=said["sub"],
            email=email if isinstance(email, str) else "",
        )

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """A place among those who may wait for the provider. Raises `ProviderFailed`.

        One that hangs would hold every thread of the service, and nobody else were answered.
        """
        if not self._places.acquire(blocking=False):
            raise ProviderFailed("it is slow, and others wait for it already")
        try:
            yield
        finally:
            self._places.release()

    def _said(self, asked: Asked, code: str, deadline: Deadline) -> Mapping[str, Any]:
        """The claims that the provider makes for a code."""
        found = self.metadata(deadline)
        reply = self._redeemed(found, asked, code, deadline)
        token = reply.get("id_token")
        if not isinstance(token, str):
            raise ProviderFailed("its answer has no id_token")
        return self._verified(found, token, reply, asked, deadline)

    def ending(self, back: str) -> str:
        """Where a browser ends the provider's own session, empty where no such place is known.

        The provider is not asked for it: anybody may open the page that shows it.
        """
        found = self._metadata[1].end_session_endpoint if self._metadata else ""
        if not found:
            return ""
        said = {"client_id": self.client_id, "post_logout_redirect_uri": back}
        return f"{found}{'&' if '?' in found else '?'}{urlencode(said)}"

    def metadata(self, deadline: Deadline) -> Metadata:
        """What the provider says of itself. Raises `ProviderFailed`."""
        if known := self._known():
            return known
        now = self._clock()
        if self._failed is not None and now - self._failed[0] <= FAILED_SECONDS:
            raise ProviderFailed(self._failed[1])
        place = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            found = _metadata(self.issuer, self._json("GET", place, deadline))
        except ProviderFailed as error:
            self._failed = self._clock(), error.why
            raise
        self._metadata = now, found
        return found

    def _known(self) -> Metadata | None:
        """What it said of itself within the last ten minutes."""
        if self._metadata is None:
            return None
        at, found = self._metadata
        return found if self._clock() - at <= KNOWN_SECONDS else None

    def _redeemed(
        self, found: Metadata, asked: Asked, code: str, deadline: Deadline
    ) -> Mapping[str, Any]:
        said = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "code_verifier": asked.verifier,
            "client_id": self.client_id,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if self._secret and found.takes_post:
            said["client_secret"] = self._secret
        elif self._secret:
            pair = f"{quote(self.client_id, '')}:{quote(self._secret, '')}"
            known = base64.b64encode(pair.encode()).decode()
            headers["Authorization"] = f"Basic {known}"
        body = urlencode(said).encode()
        return self._json("POST", found.token_endpoint, deadline, headers, body)

    def _verified(
        self,
        found: Metadata,
        token: str,
        reply: Mapping[str, Any],
        asked: Asked,
        deadline: Deadline,
    ) -> Mapping[str, Any]:
        """The claims of a token that this provider made for this log-in, now."""
        keys = self._json("GET", found.jwks_uri, deadline)
        try:
            known = jwk.KeySet.import_key_set(keys)  # type: ignore[arg-type]
            decoded = jwt.decode(token, known, algorithms=list(ALGORITHMS))
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self.client_id},
                },
                {
                    "nonce": asked.nonce,
                    "client_id": self.client_id,
                    "access_token": reply.get("access_token"),
                },
            )
            claims.validate(now=int(self._clock()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            why = f"its id_token is not good ({type(error).__name__})"
            raise ProviderFailed(why) from error
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise ProviderFailed("its id_token names nobody")
        return dict(claims)

    def _json(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Mapping[str, Any]:
        """What the provider answers, an object of JSON. Raises `ProviderFailed`."""
        try:
            tls = self._authorities.context(self._ca_file)
        except OSError as error:
            why = f"its CA file {self._ca_file!r} cannot be used"
            raise ProviderFailed(why) from error
        wanted = Call(
            method=method,
            url=url,
            headers={"Accept": "application/json", **(headers or {})},
            body=body,
            # A hospital's provider stands in its own network; who it is, its certificate tells.
            allow_private=True,
            tls=tls,
        )
        try:
            reply = call(wanted, deadline, most_bytes=MOST_BYTES)
        except CallFailed as error:
            raise ProviderFailed(str(error)) from error
        if reply.status != 200:
            raise ProviderFailed(f"it answered with status {reply.status}")
        try:
            found = json.loads(reply.body)
        except (ValueError, RecursionError) as error:
            raise ProviderFailed("its answer is no JSON") from error
        if not isinstance(found, dict):
            raise ProviderFailed("its answer is no object of JSON")
        return found


def _metadata(issuer: str, said: Mapping[str, Any]) -> Metadata:
    if said.get("issuer") != issuer:
        raise ProviderFailed("it says that it is another issuer")
    methods = said.get("token_endpoint_auth_methods_supported")
    takes = methods if isinstance(methods, list) else ["client_secret_basic"]
    end = said.get("end_session_endpoint", "")
    return Metadata(
        authorization_endpoint=_place(said, "authorization_endpoint"),
        token_endpoint=_place(said, "token_endpoint"),
        jwks_uri=_place(said, "jwks_uri"),
        end_session_endpoint=end if isinstance(end, str) and _is_safe(end) else "",
        takes_post="client_secret_basic" not in takes,
    )


def _place(said: Mapping[str, Any], name: str) -> str:
    place = said.get(name)
    if not isinstance(place, str) or not _is_safe(place):
        raise ProviderFailed(f"its {name} is no https address")
    return place


def _is_safe(place: str) -> bool:
    return place.startswith("https://") and place.isascii() and place.isprintable()


def _secret(settings: Settings) -> str:
    """The secret of the settings, read when the process starts; empty for a public client."""
    file = settings.openid_client_secret_file
    return Path(file).read_text("utf-8").strip() if file else ""

"""A small OpenID provider on loopback, over TLS, that can be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from joserfc import jwk, jwt
from werkzeug.serving import make_server

CLIENT, SECRET = "secondcase", "kept between the two"


@dataclass
class Provider:
    """The provider, what it says of whom, and what it was sent."""

    key: jwk.RSAKey = field(default_factory=lambda: _key("one"))
    issuer: str = ""
    # What differs from a right token, in its claims and otherwise.
    claims: dict[str, Any] = field(default_factory=dict)
    signed_by: jwk.RSAKey | None = None
    algorithm: str = "RS256"
    said_issuer: str = ""
    seconds: float = 0.0
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    received: list[dict[str, str]] = field(default_factory=list)

    def authorized(self, place: str, **who: Any) -> str:
        """What a browser brings back from `place`, once the person has said yes there."""
        asked = {
            name: said[0] for name, said in parse_qs(urlsplit(place).query).items()
        }
        assert place.startswith(f"{self.issuer}/authorize?")
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        self.claims = {**self.claims, **who}
        back = urlsplit(asked["redirect_uri"]).path
        return f"{back}?code={code}&state={asked['state']}"

    def token(self) -> ResponseReturnValue:
        """The ID token for a code, to the client that has the secret and the verifier."""
        time.sleep(self.seconds)
        said = request.form.to_dict()
        self.received.append(said)
        asked = self.codes.pop(said.get("code", ""), None)
        known = base64.b64encode(
            f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()
        ).decode()
        digest = hashlib.sha256(said["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            asked is None
            or request.headers.get("Authorization") != f"Basic {known}"
            or challenge != asked["code_challenge"]
            or said["redirect_uri"] != asked["redirect_uri"]
        ):
            return jsonify(error="invalid_grant"), 400
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "sub-1",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.claims,
        }
        header = {"alg": self.algorithm, "kid": "one"}
        key: Any = self.signed_by or self.key
        if self.algorithm == "HS256":
            key = jwk.OctKey.import_key(SECRET.ljust(32, "x"))
        made = jwt.encode(header, claims, key, algorithms=[self.algorithm])
        return jsonify(id_token=made, access_token="x", token_type="Bearer")

    def application(self) -> Flask:
        app = Flask("provider")

        @app.get("/.well-known/openid-configuration")
        def configuration() -> ResponseReturnValue:
            return jsonify(
                issuer=self.said_issuer or self.issuer,
                authorization_endpoint=f"{self.issuer}/authorize",
                token_endpoint=f"{self.issuer}/token",
                jwks_uri=f"{self.issuer}/keys",
                end_session_endpoint=f"{self.issuer}/leave",
            )

        @app.get("/keys")
        def keys() -> ResponseReturnValue:
            return jsonify(keys=[self.key.as_dict(private=False)])

        app.post("/token")(self.token)
        return app


def _key(name: str) -> jwk.RSAKey:
    return jwk.RSAKey.generate_key(2048, {"kid": name})


@contextmanager
def providing(authority: trustme.CA) -> Iterator[Provider]:
    """A provider whose certificate the authority signed, until the end of the block."""
    provider = Provider()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = make_server(
        "localhost", 0, provider.application(), threaded=True, ssl_context=context
    )
    provider.issuer = f"https://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""What every request and answer must satisfy: hosts, sizes, CSRF, cookies, headers, tokens."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
import secrets
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Request, current_app, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from web.config import Settings

View = TypeVar("View", bound=Callable[..., Any])

TOKEN_BYTES = 32
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
    ),
}
STRICT_TRANSPORT_SECURITY = "max-age=31536000"
# A case of 200 features and as many variants and relatives, each of several fields.
MOST_PARTS = 5_000


class MemoryRequest(Request):
    """A request whose files stay in memory: what is uploaded is health data."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        # Werkzeug would write more than 500 kB to a temporary file.
        return io.BytesIO()


def init_app(
    app: Flask, settings: Settings, exempt: Iterable[Blueprint] = ()
) -> CSRFProtect:
    """Guard the application. `exempt` names the blueprints that programs call with a token.

    Call it before anything else that reads a request, so that sizes are limited first.
    """
    app.request_class = MemoryRequest
    app.config.update(_config(settings))
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        fixed = ProxyFix(
            app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_port=0
        )
        app.wsgi_app = fixed  # type: ignore[method-assign]  # as Flask documents it
    app.before_request(_refuse_other_hosts)
    app.before_request(_allow_uploads)
    csrf = CSRFProtect(app)
    for blueprint in exempt:
        csrf.exempt(blueprint)
    app.after_request(_secured)
    return csrf


def _config(settings: Settings) -> dict[str, object]:
    is_secure = settings.cookies_are_secure
    return {
        "SECRET_KEY": settings.secret_key,
        "SESSION_COOKIE_NAME": _cookie_name(settings),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": is_secure,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=settings.session_hours),
        "SITE_HOSTS": settings.hosts,
        "MAX_CONTENT_LENGTH": settings.body_limit,
        "MAX_FORM_MEMORY_SIZE": settings.body_limit,
        "UPLOAD_LIMIT": settings.upload_limit,
        "MAX_FORM_PARTS": MOST_PARTS,
        # A case may take longer to write than an hour; the token ends with the session.
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _cookie_name(settings: Settings) -> str:
    """What the session is kept under."""
    if settings.cookies_are_secure:
        # A browser takes a __Host- cookie only over HTTPS, and from no other host.
        return "__Host-secondcase"
    # To a browser all ports of a host are one site: a log-in at one would end that at another.
    return f"secondcase-{settings.port}"


def accepts_upload(view: View) -> View:
    """A view whose request may be as large as an uploaded file."""
    setattr(view, "accepts_upload", True)
    return view


def takes_upload(app: Flask) -> Callable[[str], bool]:
    """Tells of a path, as WSGI writes it, whether a view that accepts uploads answers there."""
    routes = app.url_map.bind("")

    def takes(path: str) -> bool:
        try:
            written = path.encode("latin-1").decode()
            endpoint, _ = routes.match(written, method="POST")
        except (UnicodeError, HTTPException):
            return False
        return getattr(app.view_functions[endpoint], "accepts_upload", False)

    return takes


def _refuse_other_hosts() -> None:
    # TRUSTED_HOSTS of Flask takes no IPv6 address.
    if not is_trusted_host(request.host, current_app.config["SITE_HOSTS"]):
        raise SecurityError


def is_trusted_host(host: str, trusted: Iterable[str]) -> bool:
    """Whether a Host header names this site; a trusted `.name` takes in all below it."""
    name = re.sub(r":\d*$", "", host.lower()) if not host.endswith("]") else host
    return any(
        name == own or (own.startswith(".") and name.endswith(own))
        for own in map(str.lower, trusted)
    )


def _allow_uploads() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "accepts_upload", False):
        request.max_content_length = current_app.config["UPLOAD_LIMIT"]
        # It also bounds the buffer through which the parts of a form are read.
        request.max_form_memory_size = current_app.config["UPLOAD_LIMIT"]


def _secured(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT_SECURITY
    if request.endpoint != "static":
        _keep_private(response)
    return response


def _keep_private(response: Response) -> None:
    """Let nobody keep an answer, unless the view allows it and it is the same for everybody."""
    # Flask-Login and Flask-WTF leave these once a person or a form token was asked for.
    is_personal = "_login_user" in g or current_app.config["WTF_CSRF_FIELD_NAME"] in g
    if is_personal or "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"


def safe_target(target: str | None, default: str) -> str:
    """Where to go next: a path on this site, else `default`."""
    if not target or not target.startswith("/"):
        return default
    # A browser reads a backslash as a slash and drops control characters: "/\\x", "/\t/x".
    if target[1:2] in ("/", "\\") or not target.isprintable() or "\\" in target:
        return default
    try:
        parts = urlsplit(target)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else target


def make_token() -> tuple[str, str]:
    """A new token of 256 bits, to be shown once, and its SHA-256, to be kept."""
    plain = secrets.token_urlsafe(TOKEN_BYTES)
    return plain, token_digest(plain)


def token_digest(plain: str) -> str:
    """The SHA-256 of a token in hexadecimal; what is not text hashes to something else."""
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def is_token(plain: str, sha256: str) -> bool:
    """Whether the token has this SHA-256, in the same time for every wrong one."""
    return hmac.compare_digest(token_digest(plain).encode(), sha256.encode())

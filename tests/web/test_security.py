"""Every answer carries the headers, every form its token, and no request is too large."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from flask import Blueprint, Flask, request
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

from web import errors, security
from web.config import Settings, load_settings
from web.security import is_token, make_token, safe_target, token_digest

POLICY = {
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    loaded = load_settings({}, directory=tmp_path)
    return dataclasses.replace(loaded, body_limit=10_000, upload_limit=100_000)


def made(settings: Settings) -> Flask:
    exchange = Blueprint("exchange", __name__)
    folder = str(settings.directory)
    app = Flask("small", static_folder=folder, static_url_path="/static")
    security.init_app(app, settings, exempt=[exchange])
    errors.init_app(app)

    @exchange.post("/match")
    def match() -> dict[str, int]:
        return {"bytes": len(request.get_data())}

    @app.get("/")
    def home() -> str:
        return generate_csrf()

    @app.get("/public")
    def public() -> tuple[str, dict[str, str]]:
        return "figures", {"Cache-Control": "public, max-age=60"}

    @app.get("/personal")
    def personal() -> tuple[str, dict[str, str]]:
        return generate_csrf(), {"Cache-Control": "public, max-age=60"}

    @app.get("/where")
    def where() -> str:
        return f"{request.remote_addr} {request.url}"

    @app.get("/boom")
    def boom() -> str:
        raise ZeroDivisionError

    @app.post("/save")
    def save() -> str:
        return request.form["note"]

    @app.post("/upload")
    @security.accepts_upload
    def upload() -> str:
        return str(len(request.files["file"].read()))

    app.register_blueprint(exchange)
    return app


@pytest.fixture
def app(settings: Settings) -> Flask:
    return made(settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


class TestHeaders:
    @pytest.mark.parametrize("path", ["/", "/absent", "/boom", "/static/settings.txt"])
    def test_every_answer_is_confined(
        self, client: FlaskClient, settings: Settings, path: str
    ) -> None:
        (settings.directory / "settings.txt").write_text("static")

        with client.get(path) as response:
            headers = response.headers

        assert set(headers["Content-Security-Policy"].split("; ")) == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]

    @pytest.mark.parametrize("path", ["/", "/absent", "/boom", "/personal"])
    def test_no_answer_to_a_person_is_kept(
        self, client: FlaskClient, path: str
    ) -> None:
        assert client.get(path).headers["Cache-Control"] == "no-store"

    def test_public_figures_may_be_kept(self, client: FlaskClient) -> None:
        assert client.get("/public").headers["Cache-Control"] == "public, max-age=60"

    def test_files_of_the_site_may_be_kept(
        self, client: FlaskClient, settings: Settings
    ) -> None:
        (settings.directory / "look.css").write_text("")

        with client.get("/static/look.css") as response:
            assert "no-store" not in response.headers["Cache-Control"]

    def test_https_is_asked_for_only_over_https(self, client: FlaskClient) -> None:
        plain = client.get("/")
        secure = client.get("/", base_url="https://localhost")

        assert "Strict-Transport-Security" not in plain.headers
        assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"


class TestCookies:
    def test_a_reachable_site_sends_them_by_https_alone(
        self, settings: Settings
    ) -> None:
        reachable = dataclasses.replace(
            settings, host="0.0.0.0", trusted_hosts=("cases.example",)
        )

        response = (
            made(reachable).test_client().get("/", base_url="https://cases.example")
        )

        header = response.headers["Set-Cookie"]
        assert header.startswith("__Host-secondcase=")
        assert "; Secure;" in header
        assert "HttpOnly" in header
        assert "SameSite=Lax" in header

    def test_this_machine_alone_needs_no_https(self, client: FlaskClient) -> None:
        header = client.get("/").headers["Set-Cookie"]

        assert header.startswith("secondcase-8000=")
        assert "Secure" not in header
        assert "HttpOnly" in header


class TestForms:
    def test_a_form_from_here_is_taken(self, client: FlaskClient) -> None:
        token = client.get("/").text

        response = client.post("/save", data={"note": "kept", "csrf_token": token})

        assert response.text == "kept"

    def test_a_script_from_here_sends_the_token_in_a_header(
        self, client: FlaskClient
    ) -> None:
        token = client.get("/").text

        response = client.post(
            "/save", data={"note": "kept"}, headers={"X-CSRFToken": token}
        )

        assert response.text == "kept"

    @pytest.mark.parametrize("token", [None, "", "forged"])
    def test_a_form_without_the_token_is_refused(
        self, client: FlaskClient, token: str | None
    ) -> None:
        client.get("/")
        data = {"note": "kept"} if token is None else {"note": "", "csrf_token": token}

        response = client.post("/save", data=data)

        assert response.status_code == 400
        assert "reload the page and send it again" in response.text

    def test_the_token_of_another_browser_is_refused(
        self, app: Flask, client: FlaskClient
    ) -> None:
        client.get("/")
        foreign = app.test_client().get("/").text

        response = client.post("/save", data={"note": "", "csrf_token": foreign})

        assert response.status_code == 400

    def test_over_https_the_page_must_be_ours(self, client: FlaskClient) -> None:
        base = "https://localhost"
        token = client.get("/", base_url=base).text

        def send(referrer: str) -> TestResponse:
            return client.post(
                "/save",
                base_url=base,
                data={"note": "kept", "csrf_token": token},
                headers={"Referer": referrer},
            )

        assert send("https://localhost/form").text == "kept"
        assert send("https://evil.example/").status_code == 400

    def test_programs_with_a_token_of_their_own_need_none(
        self, client: FlaskClient
    ) -> None:
        assert client.post("/match", json={}).json == {"bytes": 2}


class TestSizes:
    def test_a_body_over_the_limit_is_refused(self, client: FlaskClient) -> None:
        response = client.post("/match", data=b"x" * 10_001)

        assert response.status_code == 413
        assert response.json == {
            "message": "The request is larger than this site accepts; "
            "send it in smaller parts."
        }

    def test_a_body_at_the_limit_is_read(self, client: FlaskClient) -> None:
        assert client.post("/match", data=b"x" * 10_000).json == {"bytes": 10_000}

    def test_a_body_without_a_length_is_limited_too(self, client: FlaskClient) -> None:
        response = client.post(
            "/match",
            input_stream=io.BytesIO(b"x" * 20_000),
            environ_overrides={"wsgi.input_terminated": True},
        )

        assert response.status_code == 413

    def test_a_form_over_the_limit_is_refused(self, client: FlaskClient) -> None:
        token = client.get("/").text

        response = client.post(
            "/save", data={"note": "x" * 10_001, "csrf_token": token}
        )

        assert response.status_code == 413

    @pytest.mark.parametrize(("size", "status"), [(50_000, 200), (150_000, 413)])
    def test_an_upload_has_a_limit_of_its_own(
        self, client: FlaskClient, size: int, status: int
    ) -> None:
        token = client.get("/").text
        file = (io.BytesIO(b"x" * size), "cases.json")

        response = client.post("/upload", data={"csrf_token": token, "file": file})

        assert response.status_code == status


class TestHosts:
    @pytest.mark.parametrize(
        "host", ["localhost", "LOCALHOST:80", "127.0.0.1:8000", "[::1]:8000", "[::1]"]
    )
    def test_the_names_of_the_site_are_answered(
        self, client: FlaskClient, host: str
    ) -> None:
        assert client.get("/", headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize("path", ["/", "/absent", "/match", "/static/x"])
    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "localhost.evil.example",
            "evil.localhost",
            "localhost@evil",
            "[::2]",
            "[::1",
            ":8000",
        ],
    )
    def test_any_other_name_is_refused(
        self, client: FlaskClient, host: str, path: str
    ) -> None:
        response = client.get(path, headers={"Host": host})

        assert response.status_code == 400
        assert "evil" not in response.text

    @pytest.mark.parametrize(
        ("host", "status"),
        [
            ("a.cases.example", 200),
            ("a.b.cases.example:8000", 200),
            ("cases.example", 400),
            ("evilcases.example", 400),
        ],
    )
    def test_a_leading_dot_takes_in_all_below(
        self, settings: Settings, host: str, status: int
    ) -> None:
        below = dataclasses.replace(settings, trusted_hosts=(".cases.example",))

        response = made(below).test_client().get("/public", headers={"Host": host})

        assert response.status_code == status

    def test_a_proxy_is_believed_only_if_it_is_ours(self, settings: Settings) -> None:
        headers = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https"}
        behind = dataclasses.replace(settings, trusted_proxies=1)

        alone = made(settings).test_client().get("/where", headers=headers)
        proxied = made(behind).test_client().get("/where", headers=headers)

        assert alone.text == "127.0.0.1 http://localhost/where"
        assert proxied.text == "192.0.2.9 https://localhost/where"

    def test_a_client_cannot_choose_its_address_through_our_proxy(
        self, settings: Settings
    ) -> None:
        behind = dataclasses.replace(settings, trusted_proxies=1)
        headers = {"X-Forwarded-For": "10.0.0.1, 192.0.2.9"}

        response = made(behind).test_client().get("/where", headers=headers)

        assert response.text.startswith("192.0.2.9 ")

    def test_a_forwarded_host_is_checked_too(self, settings: Settings) -> None:
        behind = dataclasses.replace(settings, trusted_proxies=1)
        headers = {"X-Forwarded-Host": "evil.example"}

        response = made(behind).test_client().get("/where", headers=headers)

        assert response.status_code == 400


@pytest.mark.parametrize(
    "target",
    ["/", "/cases", "/cases/P1?of=site&q=a%2Fb", "/cases#top", "/a//b", "/é", "/a:b"],
)
def test_a_path_of_this_site_is_a_safe_target(target: str) -> None:
    assert safe_target(target, "/home") == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "cases",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\\b",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "/\x00",
        "https://evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "//[",
        "/\u2028/evil.example",
    ],
)
def test_any_other_target_is_replaced(target: str | None) -> None:
    assert safe_target(target, "/home") == "/home"


class TestTokens:
    def test_a_token_is_random_and_only_its_hash_is_kept(self) -> None:
        tokens = {make_token() for _ in range(100)}

        assert len({plain for plain, _ in tokens}) == 100
        assert all(len(plain) == 43 for plain, _ in tokens)
        assert all(digest == token_digest(plain) for plain, digest in tokens)
        assert all(len(digest) == 64 for _, digest in tokens)

    def test_only_the_token_itself_is_right(self) -> None:
        plain, digest = make_token()

        assert is_token(plain, digest)
        assert not is_token(digest, digest)
        assert not is_token(plain + " ", digest)
        assert not is_token("", digest)
        assert not is_token("\ud800", digest)
        assert not is_token("é", "é")

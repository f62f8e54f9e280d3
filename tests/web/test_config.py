"""Settings come from the environment and a file, and every mistake is named at once."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from web.config import Settings, describe_settings, load_settings
from web.errors import BadSettings
from web.config.secret_key import make_secret_key
from web.work.mail import MailServer, mail_server


def load(directory: Path, **environment: str) -> Settings:
    named = {f"SECONDCASE_{name.upper()}": text for name, text in environment.items()}
    return load_settings(named, directory=directory)


def problems(directory: Path, **environment: str) -> tuple[str, ...]:
    with pytest.raises(BadSettings) as bad:
        load(directory, **environment)
    return bad.value.problems


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    settings = load(tmp_path)

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.database == tmp_path / "secondcase.db"
    assert settings.hosts == ("localhost", "127.0.0.1", "[::1]")


def test_the_environment_counts_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('port = 9000\nsite_name = "Harbour"\n')

    settings = load(tmp_path, port="9001")

    assert (settings.port, settings.site_name) == (9001, "Harbour")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("secure_cookies", "true", True),
        ("secure_cookies", "No", False),
        ("secure_cookies", "0", False),
        ("expected_partners", "2", 2.0),
        ("trusted_hosts", " a.example, .b.example ,", ("a.example", ".b.example")),
        ("log_level", "debug", "debug"),
        ("host", "::1", "::1"),
    ],
)
def test_the_environment_is_text_and_is_read_by_type(
    tmp_path: Path, name: str, text: str, value: object
) -> None:
    assert getattr(load(tmp_path, **{name: text}), name) == value


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("secure_cookies = true", True),
        ('trusted_hosts = ["a.example"]', ("a.example",)),
        ("expected_partners = 2", 2.0),
    ],
)
def test_the_file_has_types_of_its_own(
    tmp_path: Path, line: str, value: object
) -> None:
    (tmp_path / "settings.toml").write_text(line)

    assert getattr(load(tmp_path), line.partition(" ")[0]) == value


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("port", "eighty", "must be a whole number from 1 to 65535"),
        ("port", "0", "must be a whole number from 1 to 65535"),
        ("port", "80.5", "must be a whole number from 1 to 65535"),
        ("expected_partners", "nan", "must be a number from 0.01 to 100.0"),
        ("expected_partners", "inf", "must be a number from 0.01 to 100.0"),
        ("secure_cookies", "perhaps", "must be true or false"),
        ("trusted_hosts", "https://a.example/", "must be host names separated by"),
        ("site_name", "", "must be 1 to 80 characters"),
        ("site_name", "a\nb", "must be 1 to 80 characters"),
        ("host", "not a host", "must be an IP address or a host name"),
        ("log_level", "loud", "must be debug, info, warning or error"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(
    tmp_path: Path, name: str, text: str, wanted: str
) -> None:
    (problem,) = problems(tmp_path, **{name: text})

    assert problem.startswith(f"SECONDCASE_{name.upper()} is {text!r}, but it ")
    assert wanted in problem


@pytest.mark.parametrize(
    "line", ['port = "8000"', "port = true", "site_name = 3", 'trusted_hosts = "a"']
)
def test_a_value_of_another_type_in_the_file_is_refused(
    tmp_path: Path, line: str
) -> None:
    (tmp_path / "settings.toml").write_text(line)

    (problem,) = problems(tmp_path)

    assert "settings.toml is" in problem
    assert "but it must be" in problem


def test_all_problems_are_listed_at_once(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("colour = 1\nthreads = 0\n")
    (tmp_path / "secret.key").write_text("short")
    (tmp_path / "secret.key").chmod(0o644)

    found = problems(tmp_path, port="x", hosst="::1", host="0.0.0.0")

    assert len(found) == 7
    with pytest.raises(BadSettings, match="cannot start with these settings:\n- "):
        load(tmp_path, port="x")


def test_an_unknown_setting_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    assert problems(tmp_path, hosst="::1") == (
        "SECONDCASE_HOSST is no setting; the nearest one is SECONDCASE_HOST.",
    )


def test_the_data_directory_is_no_mistake(tmp_path: Path) -> None:
    assert load(tmp_path, data=str(tmp_path)).directory == tmp_path


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("port = \n")

    (problem,) = problems(tmp_path)

    assert f"{tmp_path / 'settings.toml'} cannot be read" in problem


def test_the_directory_and_the_secret_cannot_be_set(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("directory = '/tmp'")

    found = problems(tmp_path, secret_key="x" * 64)

    assert ["is no setting" in problem for problem in found] == [True, True]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "cases.example"])
def test_a_reachable_host_needs_its_names(tmp_path: Path, host: str) -> None:
    (problem,) = problems(tmp_path, host=host)

    assert problem.startswith("trusted_hosts is empty while host is")
    settings = load(tmp_path, host=host, trusted_hosts="cases.example")
    assert settings.hosts == ("cases.example",)


@pytest.mark.parametrize(
    ("settings", "is_secure"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"host": "[::1]"}, False),
        ({"host": "127.0.0.9"}, False),
        ({"host": "0.0.0.0", "trusted_hosts": "a.example"}, True),
        ({"secure_cookies": "true"}, True),
        (
            {
                "host": "0.0.0.0",
                "trusted_hosts": "a.example",
                "secure_cookies": "false",
            },
            False,
        ),
    ],
)
def test_cookies_are_secure_unless_only_this_machine_can_ask(
    tmp_path: Path, settings: dict[str, str], is_secure: bool
) -> None:
    assert load(tmp_path, **settings).cookies_are_secure is is_secure


def test_settings_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    assert len(problems(tmp_path, band_look="0.5")) == 1
    assert len(problems(tmp_path, session_hours="1", session_idle_minutes="90")) == 1


class TestSecret:
    def test_it_is_made_at_the_first_start_and_kept(self, tmp_path: Path) -> None:
        folder = tmp_path / "new"

        first = load(folder).secret_key

        assert len(first) == 64
        assert load(folder).secret_key == first
        assert load(tmp_path / "other").secret_key != first

    def test_it_is_readable_for_its_owner_alone(self, tmp_path: Path) -> None:
        load(tmp_path / "new")

        path = tmp_path / "new" / "secret.key"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert [file.name for file in path.parent.iterdir()] == ["secret.key"]

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
    def test_a_looser_mode_is_refused_with_the_remedy(
        self, tmp_path: Path, mode: int
    ) -> None:
        load(tmp_path)
        path = tmp_path / "secret.key"
        path.chmod(mode)

        (problem,) = problems(tmp_path)

        assert f"has mode {mode:o}" in problem
        assert f"run 'chmod 600 {path}'" in problem

    @pytest.mark.parametrize("content", ["", "secret", "0" * 63])
    def test_a_short_key_is_refused(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "secret.key"
        path.write_text(content)
        path.chmod(0o600)

        (problem,) = problems(tmp_path)

        assert (
            f"holds {len(content)} characters, but it must hold at least 64" in problem
        )

    def test_a_folder_in_its_place_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "secret.key").mkdir(mode=0o700)

        (problem,) = problems(tmp_path)

        assert "secret.key cannot be used" in problem

    def test_it_is_never_shown_with_the_settings(self, tmp_path: Path) -> None:
        settings = load(tmp_path)

        assert settings.secret_key not in repr(settings)

    def test_one_that_another_process_has_just_made_stays(self, tmp_path: Path) -> None:
        first = load(tmp_path).secret_key

        make_secret_key(tmp_path / "secret.key")

        assert load(tmp_path).secret_key == first
        assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]

    def test_processes_that_start_at_once_share_one(self, tmp_path: Path) -> None:
        code = (
            "import sys; from pathlib import Path; from web.config import load_settings;"
            "sys.stdin.readline();"
            "print(load_settings({}, directory=Path(sys.argv[1])).secret_key)"
        )
        command = [sys.executable, "-c", code, str(tmp_path / "new")]
        started = [
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]

        keys = {process.communicate("\n")[0] for process in started}

        assert len(keys) == 1
        assert len(keys.pop().strip()) == 64


def test_every_setting_is_described() -> None:
    described = describe_settings()

    assert len(described) >= 16
    assert all(s.description.endswith(".") and s.wanted for s in described)
    assert all(s.variable == f"SECONDCASE_{s.name.upper()}" for s in described)
    assert [s.default for s in described if s.name == "port"] == ["8000"]


@pytest.mark.parametrize("setting", describe_settings(), ids=lambda s: s.name)
def test_no_default_breaks_its_own_rule(tmp_path: Path, setting: object) -> None:
    name = getattr(setting, "name")
    default = getattr(load(tmp_path), name)
    if default in (None, ()):
        return
    text = str(default).lower() if isinstance(default, bool) else str(default)

    assert getattr(load(tmp_path, **{name: text}), name) == default


def password_file(
    tmp_path: Path, content: str = "a good password", mode: int = 0o600
) -> str:
    path = tmp_path / "mail-password"
    path.write_text(content)
    path.chmod(mode)
    return str(path)


MAIL = {"mail_host": "mail.north.example", "mail_sender": "cases@north.example"}


def test_no_mail_server_is_no_mail(tmp_path: Path) -> None:
    assert mail_server(load(tmp_path)) is None


def test_mail_server_is_that_of_the_settings(tmp_path: Path) -> None:
    file = password_file(tmp_path)

    server = mail_server(
        load(
            tmp_path,
            **MAIL,
            mail_port="465",
            mail_security="tls",
            mail_user="cases",
            mail_password_file=file,
        )
    )

    assert server == MailServer(
        host="mail.north.example",
        port=465,
        security="tls",
        sender="cases@north.example",
        user="cases",
        password_file=Path(file),
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mail_sender": ""}, "mail_sender is"),
        ({"mail_sender": "no address"}, "'no address', but it must be one address"),
        ({"mail_security": "ssl"}, "'ssl', but it must be starttls, tls or none"),
        ({"mail_user": "cases"}, "they must be set together, or neither"),
        ({"mail_ca_file": "/absent.pem"}, "mail_ca_file '/absent.pem' cannot be used"),
        (
            {"mail_user": "cases", "mail_password_file": "/absent"},
            "mail_password_file '/absent' cannot be read",
        ),
        (
            {"host": "0.0.0.0", "trusted_hosts": "north.example"},
            "public_url is empty while mail_host is 'mail.north.example'",
        ),
        ({"public_url": "north.example"}, "must be an address such as https://"),
    ],
)
def test_mail_that_could_not_be_sent_is_said_at_the_start(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    assert said in "\n".join(problems(tmp_path, **{**MAIL, **changes}))


def test_mail_server_without_a_sender_is_one_problem(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, mail_host="mail.north.example")

    assert "mail_sender is empty while mail_host is 'mail.north.example'" in found


def test_sender_without_a_mail_server_is_of_no_use(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, mail_sender="cases@north.example")

    assert "without a mail_host" in found


@pytest.mark.parametrize(
    ("content", "mode", "security", "said"),
    [
        ("\n", 0o600, "tls", "is empty; it must hold the password"),
        ("secret", 0o644, "tls", "may be read by others; its mode must be 600"),
        ("secret", 0o600, "none", "the password is not sent in the open"),
    ],
)
def test_password_of_the_mail_server_is_kept_safe(
    tmp_path: Path, content: str, mode: int, security: str, said: str
) -> None:
    file = password_file(tmp_path, content, mode)

    (found,) = problems(
        tmp_path,
        **MAIL,
        mail_user="cases",
        mail_password_file=file,
        mail_security=security,
    )

    assert said in found
    assert "secret" not in found


def test_links_lead_to_the_public_address_or_to_this_machine(tmp_path: Path) -> None:
    assert load(tmp_path).site_url == "http://127.0.0.1:8000"
    told = load(tmp_path, public_url="https://cases.north.example/")
    assert told.site_url == "https://cases.north.example"

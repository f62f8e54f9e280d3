"""The settings that protect the cases, read but not changed on a page."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from web.config import Settings, describe_settings
from web.pages.node.safeguards import LOOSER, rows

from .conftest import Operations


def test_the_page_names_each_with_its_default_and_what_changes_it(
    operations: Operations,
) -> None:
    told = operations.olga.get("/node/safeguards").text

    assert "Every setting that protects cases is at its safe default" in told
    for each in describe_settings():
        if each.name in LOOSER:
            assert f"<code>{each.name}</code>" in told and each.variable in told
    assert str(operations.cast.settings.directory / "settings.toml") in told
    assert operations.cast.settings.secret_key not in told


def test_every_one_of_them_is_a_setting() -> None:
    assert set(LOOSER) <= {field.name for field in fields(Settings)}


@pytest.mark.parametrize(
    "name, value",
    [
        ("near_duplicates", 500),
        ("session_hours", 720),
        ("session_idle_minutes", 600),
        ("peer_answers_days", 3650),
    ],
)
def test_what_is_looser_than_the_default_is_marked(
    settings: Settings, name: str, value: int
) -> None:
    changed = replace(settings, **{name: value})  # type: ignore[arg-type]

    marked = {row.name for row in rows(changed) if row.is_looser}
    assert marked == {name}


def test_what_is_stricter_is_changed_and_not_looser(settings: Settings) -> None:
    changed = replace(settings, rare_below=5, consent_level_1="required")

    found = {row.name: row for row in rows(changed)}
    assert not found["rare_below"].is_default and not found["rare_below"].is_looser
    assert found["consent_level_1"].now == "required"


def test_cookies_without_https_are_looser_where_others_reach_the_site(
    settings: Settings,
) -> None:
    open_to_all = replace(
        settings, host="0.0.0.0", trusted_hosts=("a.example",), secure_cookies=False
    )

    assert {row.name for row in rows(open_to_all) if row.is_looser} == {
        "secure_cookies"
    }

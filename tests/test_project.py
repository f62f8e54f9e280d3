"""The whole project keeps its own rules: layers, types, style, layout, one door per library."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("ontologies", "matcher", "web")
CODE = (*PACKAGES, "benchmarks", "tests", "run.py")
DOORS = {
    "pronto": {"ontologies/files/loading.py"},
    "rapidfuzz": {"ontologies/lookup.py"},
    "numba": {"matcher/engine/loops.py"},
    "sqlite_utils": {"matcher/storage/database.py"},
    "argon2": {"web/accounts/passwords.py"},
    "httpx": {"web/mme/asking/calling/connections.py"},
    "httpcore": {"web/mme/asking/calling/connections.py"},
    "cryptography": {"web/sealing.py"},
    "authlib": {"web/accounts/openid.py"},
    "joserfc": {"web/accounts/openid.py"},
    "pyotp": {"web/accounts/second_factor.py"},
    "segno": {"web/accounts/second_factor.py"},
    "waitress": {"web/cli/running/receiving.py", "web/cli/running/serving.py"},
    "gunicorn": {"web/cli/running/processes.py"},
    "flask_openapi3": {"web/api/documents.py"},
    "pydantic": {"web/api/schemas.py"},
}


def run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_code_is_formatted_by_black() -> None:
    run("black", "--check", "--quiet", *CODE)


def test_flake8_finds_nothing() -> None:
    run("flake8", *CODE)


def test_types_are_strict() -> None:
    run("mypy")


def test_layers_are_kept() -> None:
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", lint],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library: str) -> None:
    found = {
        str(path.relative_to(ROOT)) for path in modules() if library in imported(path)
    }

    assert found <= DOORS[library]


@pytest.mark.parametrize(
    "path", list(modules()), ids=lambda p: str(p.relative_to(ROOT))
)
def test_a_module_opens_with_one_sentence(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""

    assert docstring.splitlines()[:1] and docstring.splitlines()[0].rstrip().endswith(
        (".", ",")
    )

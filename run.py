#!/usr/bin/env python3
"""Makes the environment on the first call, then hands over to the command line.

python3 run.py demo          a running service with demonstration cases
python3 run.py test          the whole test suite (--full: the long version of it)
python3 run.py COMMAND ...   any command of `secondcase`; --help lists them
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
MADE_FROM = VENV / "made-from"
WANTED = (3, 11)


def main() -> None:
    """Make or renew the environment, then become the asked-for command."""
    command, *rest = sys.argv[1:] or ["--help"]
    require_python()
    if command == "test":
        make_environment("requirements-test.lock")
        os.chdir(HERE)
        run(["-m", "pytest", *pytest_arguments(rest)])
    make_environment("requirements.lock")
    run(["-m", "web.cli", command, *rest])


def require_python() -> None:
    """Stop with one sentence where this Python cannot make the environment."""
    if sys.version_info < WANTED:
        have = ".".join(map(str, sys.version_info[:3]))
        sys.exit(
            f"Python {have} is too old: install Python 3.11 or newer and run this with it."
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        sys.exit(
            "Python's venv module is missing: install it (Debian: apt-get install python3-venv)."
        )


def make_environment(lock_name: str) -> None:
    """Install a hash-pinned lock into .venv, unless exactly that was done before."""
    if is_made(lock_name):
        return
    with open(HERE / ".venv.lock", "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not is_made(lock_name):
            install(HERE / lock_name)
            MADE_FROM.write_text(stamp(lock_name))


def is_made(lock_name: str) -> bool:
    """Whether .venv holds this lock. The test lock contains all of the other one."""
    made = MADE_FROM.read_text() if MADE_FROM.exists() else None
    return made in (stamp(lock_name), stamp("requirements-test.lock"))


def stamp(lock_name: str) -> str:
    """Name what an environment is made of: the lock, our metadata, and the Python in use."""
    parts = (
        (HERE / lock_name).read_bytes(),
        (HERE / "setup.cfg").read_bytes(),
        sys.version.encode(),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def install(lock: Path) -> None:
    """Create .venv and fill it, with one line of progress."""
    print(f"Making the environment in {VENV} (once, about a minute):", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    pip_install("--require-hashes", "-r", str(lock), total=lock.read_text().count("=="))
    pip_install("--no-deps", "--no-build-isolation", "-e", str(HERE), total=1)


def pip_install(*arguments: str, total: int) -> None:
    """Run pip; show how many packages it has reached; on failure show all that it said."""
    pip = [str(PYTHON), "-m", "pip", "install", "--no-input", *arguments]
    said, reached = [], 0
    with subprocess.Popen(
        pip, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            said.append(line)
            if line.startswith(("Collecting", "Obtaining")):
                reached += 1
                print(
                    f"\r  {reached} of {total} packages",
                    end="",
                    file=sys.stderr,
                    flush=True,
                )
    print(file=sys.stderr)
    if process.returncode:
        sys.exit(
            "".join(said) + "The environment could not be made; pip's words are above."
        )


def pytest_arguments(given: list[str]) -> list[str]:
    """Whole suite on both cores with the coverage bound, unless parts were named."""
    if any(not argument.startswith("-") for argument in given):
        return given
    return [
        "-n",
        "2",
        "--cov",
        "--cov-report=term:skip-covered",
        "--cov-fail-under=90",
        *given,
    ]


def run(arguments: list[str]) -> None:
    """Become the environment's Python."""
    os.execv(PYTHON, [str(PYTHON), *arguments])


if __name__ == "__main__":
    main()

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from ontologies.files.confinement import Limits, Stopped, run_confined


def confined(folder, code, limits=Limits(), readable=()):
    program = (
        "import os, socket, subprocess, sys\n"
        "from pathlib import Path\n"
        "from ontologies.files.confinement import Limits, confine\n"
        f"confine(Limits.from_json({limits.to_json()!r}), Path({str(folder)!r}), "
        f"[Path(each) for each in {[str(each) for each in readable]!r}])\n{code}"
    )
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.getaddrinfo('localhost', 80)",
        "socket.socket()",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.fork()",
        "os.symlink('/etc/passwd', 'passwd')",
        "open('/etc/passwd')",
        "os.open('/etc/passwd', os.O_RDONLY)",
        "open('/tmp/written-by-a-reader', 'w')",
        "open(sys.executable, 'ab')",
    ],
)
def test_confined_process_has_neither_network_nor_children_nor_files(tmp_path, attempt):
    completed = confined(tmp_path, attempt)
    assert completed.returncode == 1
    assert "PermissionError" in completed.stderr
    assert "is denied to the reader of ontologies" in completed.stderr


def test_confined_process_reads_its_file_and_writes_its_folder_only(tmp_path):
    given, folder = tmp_path / "given", tmp_path / "folder"
    given.write_text("content")
    folder.mkdir()
    copy = f"open({str(folder / 'copy')!r}, 'w').write(open({str(given)!r}).read())"
    assert confined(folder, copy, readable=[given]).returncode == 0
    assert (folder / "copy").read_text() == "content"
    assert "is denied" in confined(folder, copy).stderr
    (tmp_path / "given-not").write_text("content")
    beside = f"open({str(tmp_path / 'given-not')!r})"
    assert "is denied" in confined(folder, beside, readable=[given]).stderr
    overwrite = f"open({str(given)!r}, 'w')"
    assert "is denied" in confined(folder, overwrite, readable=[given]).stderr
    assert given.read_text() == "content"


def test_link_leads_a_confined_process_nowhere_else(tmp_path):
    (tmp_path / "link").symlink_to("/etc/passwd")
    completed = confined(tmp_path, f"open({str(tmp_path / 'link')!r})")
    assert "/etc/passwd is denied" in completed.stderr


def test_confined_process_is_stopped_at_its_processor_time(tmp_path):
    completed = confined(tmp_path, "while True: pass", Limits(seconds=1))
    assert completed.returncode < 0


def test_confined_process_cannot_take_more_memory(tmp_path):
    limits = Limits(memory_bytes=1 << 29)
    assert "MemoryError" in confined(tmp_path, "bytes(1 << 30)", limits).stderr


def test_confined_process_lets_others_go_first(tmp_path):
    assert confined(tmp_path, "print(os.nice(0))").stdout.strip() >= "10"


CHILD = """
import os, sys, time
from pathlib import Path
from ontologies.files.confinement import Limits, confine
def act(arguments):
    what, folder = arguments
    confine(Limits(seconds=1, memory_bytes=1 << 29), Path(folder))
    print(what, os.getpid(), flush=True)
    if what == "spin":
        while True: pass
    if what == "sleep": time.sleep(60)
    if what == "grow": bytes(1 << 30)
    if what == "raise": raise ValueError("of a line")
    if what == "kill": os.kill(os.getpid(), 9)
"""


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Runs the actions above as the confined function of a module of their own."""
    (tmp_path / "acting.py").write_text(CHILD)

    def run(what, limits=Limits(seconds=1, memory_bytes=1 << 29)):
        lines = []
        program = "import sys; sys.path.insert(0, {!r}); ".format(str(tmp_path))
        monkeypatch.setattr(
            "ontologies.files.confinement._PROGRAM",
            program + "from {module} import {function}; {function}(sys.argv[1:])",
        )
        run_confined("acting", "act", [what, str(tmp_path)], limits, lines.append)
        return lines

    return run


def test_lines_of_the_child_are_passed_on(child):
    (line,) = child("talk")
    assert line.startswith("talk ")


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("spin", "stopped by signal (24|9), over 1 s of processor time"),
        ("grow", "more than 512 MB of memory"),
        ("raise", "its reader says: ValueError: of a line"),
        ("kill", "stopped by signal 9"),
    ],
)
def test_child_that_fails_is_told_in_words(child, what, reason):
    with pytest.raises(Stopped, match=reason):
        child(what)


def test_child_that_waits_is_stopped_by_the_clock(child):
    with pytest.raises(Stopped, match="more than 2 s to read"):
        child("sleep", Limits(wall_seconds=2))


@pytest.mark.skipif(sys.platform != "linux", reason="a call that only Linux has")
def test_child_dies_with_who_asked(tmp_path):
    (tmp_path / "acting.py").write_text(CHILD.replace("seconds=1", "seconds=60"))
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from ontologies.files import confinement as c\n"
        f"c._PROGRAM = 'import sys; sys.path.insert(0, \"{tmp_path}\"); ' + c._PROGRAM\n"
        f"c.run_confined('acting', 'act', ['sleep', {str(tmp_path)!r}], c.Limits(), "
        "lambda line: print(line, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as parent:
        pid = int(parent.stdout.readline().split()[1])
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _is_alive(pid) and time.monotonic() < deadline:
        os.sched_yield()
    assert not _is_alive(pid)


def _is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

"""Does the work of a database in children that may be killed: `poster.py DATABASE PORT`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from web.notices.letters import Letters
from web.notices.telling import LETTER
from web.viewing.visibility import may_open
from web.work.mail import MailServer
from web.worker import Worker


def worker(database: Path, port: int) -> Worker:
    """What a service with a mail server on this machine does."""
    letters = Letters(
        server=MailServer(
            host="127.0.0.1", port=port, security="none", sender="site@north.example"
        ),
        site_name="North",
        site_url="https://north.example",
        may_see=may_open,
    )
    return Worker(path=database, handlers={LETTER: letters.letter})


def main(database: Path, port: int) -> None:
    """For each line a child, whose number is told; for the next line it works, and is awaited."""
    for _ in iter(sys.stdin.readline, ""):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.read(reading, 1)
            worker(database, port).once()
            os._exit(0)
        print(child, flush=True)
        sys.stdin.readline()
        os.write(writing, b"!")
        print(os.waitpid(child, 0)[1], flush=True)
        os.close(reading)
        os.close(writing)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

"""An application that answers on loopback for the time of a test."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import waitress.server
from flask import Flask


@contextlib.contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of a server on a free port of this machine, which is ended whole.

    Waitress ends only by a signal: closed from another thread, it would go on to wait for
    connections that are gone, and leave the others open.
    """
    server = waitress.server.create_server(
        app, host="127.0.0.1", port=0, asyncore_use_poll=True
    )
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            server.asyncore.loop(timeout=1, map=server._map, count=1, use_poll=True)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        ended.set()
        server.pull_trigger()
        thread.join()
        server.task_dispatcher.shutdown()
        # Only now, since nobody waits for these any more: connections, trigger, listener.
        server.asyncore.close_all(server._map)

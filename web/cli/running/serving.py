"""How the service listens: in one process, or in several under gunicorn."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
from contextlib import AbstractContextManager, nullcontext
from types import FrameType

import click
import waitress.server
from flask import Flask
from rich.markup import escape

from web import logs
from web.cli.progress import console
from web.cli.running.receiving import channel_class
from web.config import Settings
from web.db import close_idle
from web.groups.work import grouping
from web.security import takes_upload
from web.service import source_of
from web.switching.following import follower_of
from web.worker import worker_of, working

# Nobody is kept out by idle sockets: they cost no thread, and are closed after a while.
MOST_CONNECTIONS = 800
IDLE_SECONDS = 30
GRACE_SECONDS = 10
MARGIN = 1_000_000


def listen(
    app: Flask,
    settings: Settings,
    greeting: str = "",
    *,
    listening: socket.socket | None = None,
    beside: AbstractContextManager[object] = nullcontext(),
) -> None:
    """Answer requests until Ctrl-C or SIGTERM; then finish those that were begun.

    The `greeting` is shown once requests can come. They come to the socket that is given, else
    to one at the address of the settings. What is to run `beside` begins after the greeting.
    """
    address = f"http://{settings.host}:{settings.port}"
    hello = f"Listening at {escape(address)}; Ctrl-C ends it."
    said = f"{hello}\n{greeting}" if greeting else hello
    answer_until_ended(app, settings, said, listening=listening, beside=beside)
    console().print("Ended.")


def answer_until_ended(
    app: Flask,
    settings: Settings,
    greeting: str = "",
    *,
    listening: socket.socket | None = None,
    beside: AbstractContextManager[object] = nullcontext(),
) -> None:
    """The same without a word of its own."""
    logs.configure(settings.log_level)
    signal.signal(signal.SIGTERM, _stop)
    try:
        listening = listening or bound(settings)
        _warm(app)
        if greeting:
            console().print(greeting)
        with beside:
            if settings.processes == 1:
                serve_socket(app, listening, settings)
            else:
                _serve_in_processes(app, listening, settings)
    except KeyboardInterrupt:
        pass


def serve_socket(app: Flask, listening: socket.socket, settings: Settings) -> None:
    """Answer what comes to a socket until this process is told to end.

    Requests are read whole before a thread takes them, so slow senders hold up nobody. Beside
    them threads do the work that requests leave.
    """
    # Requests that wait for a thread are no event, and these lines are no JSON.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = waitress.server.create_server(
        app,
        sockets=[listening],
        threads=settings.threads,
        connection_limit=MOST_CONNECTIONS,
        # select() ends the process at the 1,024th open file.
        asyncore_use_poll=True,
        max_request_body_size=max(settings.body_limit, settings.upload_limit),
        # What is larger than this would be written to a temporary file; it is refused before.
        inbuf_overflow=max(settings.body_limit, settings.upload_limit) + MARGIN,
        channel_timeout=IDLE_SECONDS,
        ident=None,
    )
    server.channel_class = channel_class(settings.body_limit, takes_upload(app))
    try:
        follower = follower_of(app)
        worker = worker_of(
            settings,
            lambda db: follower.asker()(db),
            lambda: follower.current.release,
        )
        groups = grouping(settings, lambda: follower.current.release.release_id)
        with follower.following(), working(worker), groups:
            server.run()
    finally:
        close_idle(app)


def bound(settings: Settings) -> socket.socket:
    """A socket at the address of the settings, listening."""
    host = settings.host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return _listening(socket.socket(family, kind, protocol), address)
    except OSError as error:
        raise click.ClickException(
            f"{settings.host}:{settings.port} cannot be used ({error.strerror}); "
            "give another port in SECONDCASE_PORT."
        ) from error


def _listening(opened: socket.socket, address: object) -> socket.socket:
    """The socket, listening at an address; closed where that fails."""
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)  # type: ignore[arg-type]  # as getaddrinfo gave it
        opened.listen(MOST_CONNECTIONS)
    except OSError:
        opened.close()
        raise
    return opened


def _warm(app: Flask) -> None:
    with app.app_context():
        source_of(app).current.warm()
    # What is there now stays: the collector need not look at it, nor processes copy it.
    gc.collect()
    gc.freeze()


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _serve_in_processes(
    app: Flask, listening: socket.socket, settings: Settings
) -> None:
    # Not on every system, and not needed for one process.
    from web.cli.running.processes import Processes

    # gunicorn sets its own.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    first = os.getpid()
    try:
        Processes(app, listening, settings).run()
    except SystemExit as ended:
        if ended.code or os.getpid() != first:
            raise

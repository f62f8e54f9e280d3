"""The service in several processes: gunicorn starts, watches and ends them.

Each process answers as a single one does. gunicorn's own workers give a thread to every
connection that has not sent its request yet, so that some dozens of idle sockets stop them.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.base import Worker

from web.cli.running.serving import GRACE_SECONDS, serve_socket
from web.config import Settings

BEAT_SECONDS = 1.0


class Processes(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The application, made once and shared by all processes until one writes to it."""

    def __init__(
        self, app: Flask, listening: socket.socket, settings: Settings
    ) -> None:
        self.served = app
        self.settings = settings
        # gunicorn closes the number that it is given.
        self._descriptor = listening.detach()
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults; its own settings files are not read."""
        chosen: dict[str, Any] = {
            "bind": f"fd://{self._descriptor}",
            "workers": self.settings.processes,
            "worker_class": ServingWorker,
            "preload_app": True,
            "graceful_timeout": GRACE_SECONDS,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application."""
        return self.served


class ServingWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """One process that answers requests until gunicorn tells it to end, or is gone."""

    _is_ending = False

    def run(self) -> None:
        """Answer requests."""
        threading.Thread(target=self._beat, daemon=True).start()
        made: Processes = self.app
        serve_socket(made.served, self.sockets[0].sock, made.settings)

    def _beat(self) -> None:
        """Tell gunicorn that this process lives; end with it however it ended."""
        pause = threading.Event()
        while not pause.wait(BEAT_SECONDS):
            self.notify()
            if os.getppid() != self.ppid:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Finish the requests that were begun, and end."""
        if not self._is_ending:
            self._is_ending = True
            raise SystemExit(0)

    handle_quit = handle_exit

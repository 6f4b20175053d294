"""Processes of ours that listen at an address: stopped and let go on, never anybody else's."""

from __future__ import annotations

import contextlib
import os

import psutil

from pms_drill.errors import DrillError


class OwnListeners:
    """The processes below this one that listen at "host:port", and their children.

    Args:
        name: for messages.
        address: where they listen.
    """

    def __init__(self, name: str, address: str) -> None:
        self._name = name
        self._port = int(address.rpartition(":")[2])
        self._paused: list[psutil.Process] = []

    def pause(self) -> None:
        """Stop them (SIGSTOP).

        Raises:
            DrillError: none of ours listens there, or one could not be stopped.
        """
        found = self._find()
        if not found:
            raise DrillError(f"no process of ours is the {self._name}", where=f"127.0.0.1:{self._port}")
        for process in found:
            self._paused.append(process)  # from here on it may have to be let go on
            try:
                process.suspend()
            except psutil.Error as error:
                raise DrillError(f"the {self._name} could not be stopped: {error}") from error

    def go_on(self) -> None:
        """Let those go on that were stopped here."""
        while self._paused:
            with contextlib.suppress(psutil.Error):  # psutil compares the time of creation, so no stranger is hit
                self._paused.pop().resume()

    def _find(self) -> list[psutil.Process]:
        ours = psutil.Process(os.getpid()).children(recursive=True)
        listening = [process for process in ours if self._listens(process)]
        family = [child for process in listening for child in process.children(recursive=True)]
        return list(dict.fromkeys([*listening, *family]))

    def _listens(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return any(
                connection.status == psutil.CONN_LISTEN and connection.laddr.port == self._port
                for connection in process.net_connections(kind="tcp")
            )
        return False

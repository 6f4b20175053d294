"""Processes of ours that listen at an address: stopped and let go on, never anybody else's."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import partial

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
        self._leaving: list[psutil.Process] = []
        #: With the limits that they had.
        self._full: list[tuple[psutil.Process, tuple[int, int]]] = []

    def pause(self) -> None:
        """Stop them (SIGSTOP).

        Raises:
            DrillError: none of ours listens there, or one could not be stopped.
        """
        for process in self._found():
            self._paused.append(process)  # from here on it may have to be let go on
            self._do(process.suspend, "stopped")

    def go_on(self) -> None:
        """Let those go on that were stopped here."""
        while self._paused:
            with contextlib.suppress(psutil.Error):  # psutil compares the time of creation, so no stranger is hit
                self._paused.pop().resume()

    def terminate(self) -> None:
        """Ask them to end (SIGTERM).

        Raises:
            DrillError: none of ours listens there, or one could not be asked.
        """
        self._leaving = self._found()
        for process in self._leaving:
            self._do(process.terminate, "asked to end")

    def wait_until_ended(self, within: float) -> bool:
        """Wait for those that were asked to end; false if one still runs after `within` seconds."""
        _, self._leaving = psutil.wait_procs(self._leaving, timeout=within)
        return not self._leaving

    def fill_disk(self) -> None:
        """Let the kernel refuse them every write to a file, as on a full disk: a file may have 0 bytes.

        A limit works without any right that the harness does not have, on every file system, and is undone at once.
        What is written to a file gets the error EFBIG where a full disk gives ENOSPC. Pipes and sockets work.

        Raises:
            DrillError: none of ours listens there, or the kernel does not set the limit.
        """
        for process in self._found():
            limits = process.rlimit(psutil.RLIMIT_FSIZE)
            self._full.append((process, limits))  # from here on it may have to be undone
            self._do(partial(process.rlimit, psutil.RLIMIT_FSIZE, (0, limits[1])), "kept from writing")

    def free_disk(self) -> None:
        """Let those write again that were kept from it here."""
        while self._full:
            process, limits = self._full.pop()
            with contextlib.suppress(psutil.Error):
                process.rlimit(psutil.RLIMIT_FSIZE, limits)

    @property
    def disk_is_full(self) -> bool:
        """Whether the kernel refuses all of them every write to a file; false where none of ours listens."""
        found = self._find()
        try:
            return bool(found) and all(process.rlimit(psutil.RLIMIT_FSIZE)[0] == 0 for process in found)
        except psutil.Error:
            return False

    def _found(self) -> list[psutil.Process]:
        found = self._find()
        if not found:
            raise DrillError(f"no process of ours is the {self._name}", where=f"127.0.0.1:{self._port}")
        return found

    def _do(self, act: Callable[[], object], what: str) -> None:
        try:
            act()
        except (psutil.Error, OSError) as error:
            raise DrillError(f"the {self._name} could not be {what}: {error}") from error

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

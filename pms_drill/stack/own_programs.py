"""Our own programs (twin, fault proxy): started on free ports, which they tell in a ready file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pms_drill.errors import DrillError
from pms_drill.stack.process import Program

#: A Python program of ours is ready in well under a second; a machine under load gets more.
_START_LIMIT_S = 15.0


@dataclass(frozen=True)
class Listening:
    """A program that accepts connections.

    Attributes:
        program: its process.
        address: "127.0.0.1:<port>" of what it serves.
        control: "127.0.0.1:<port>" of its control listener.
    """

    program: Program
    address: str
    control: str


def start_listening(
    name: str,
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    folder: Path,
    log: Path,
    note: Callable[[int, str], None],
) -> Listening:
    """Start one of our programs and wait until it accepts connections.

    Args:
        argv: the command without ports and ready file; docs/architecture.md has the convention.
        folder: an empty folder for this start.
        note: told process id and name as soon as the process exists, for the lease.

    Raises:
        DrillError: it ended, or was not ready in time; with its last log lines.
    """
    ready = folder / f"{name.replace(' ', '-')}.ready.json"
    ready.unlink(missing_ok=True)
    words = [*argv, "--port", "0", "--control-port", "0", "--ready-file", str(ready)]
    program = Program(name, words, env=env, cwd=folder, log=log)
    program.start()
    try:
        note(program.pid, name)
        program.wait_until(ready.exists, within=_START_LIMIT_S, todo="read the log; it says what was in the way")
        told = json.loads(ready.read_text(encoding="utf-8"))
        return Listening(program, f"127.0.0.1:{int(told['port'])}", f"127.0.0.1:{int(told['control_port'])}")
    except (ValueError, KeyError, TypeError) as error:
        program.stop()
        raise DrillError(f"the {name} told no ports", where=str(ready), detail=program.last_lines()) from error
    except BaseException:
        program.stop()
        raise
